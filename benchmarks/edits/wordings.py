"""What an assistant writes in place of code, in words that no rule was tuned on."""

BODY = (
    "... (the body of this function is exactly as it was)",
    "... same steps as in the original version ...",
    "[unchanged body omitted to keep this short]",
    "... keep everything in here as it currently is ...",
    "... original validation and processing logic goes here unchanged",
    "(function body identical to the previous revision)",
    "... all of the earlier logic stays the way it was ...",
    "rest of the function is unchanged",
    "... existing implementation kept verbatim ...",
    "Implementation remains identical, omitted here for readability",
    "... 此处代码与之前相同 ...",
    "... el cuerpo de la función permanece sin cambios ...",
    "... le corps de la fonction reste identique ...",
    "... der Rest der Funktion bleibt unverändert ...",
    "... o restante da função continua o mesmo ...",
    "... остальной код функции без изменений ...",
)
TAIL = (
    "... the remaining functions of this file are not repeated here ...",
    "... everything below this point is unchanged ...",
    "[remaining code of the file stays identical]",
    "... other functions continue exactly as they were ...",
    "Rest of the file is the same as the original",
    "... (all further functions and exports are kept as before)",
    "... remaining definitions omitted, no changes needed ...",
    "the rest of the code below remains untouched",
    "... 文件其余部分保持不变 ...",
    "... resto del archivo sin modificaciones ...",
    "... reste du fichier inchangé ...",
    "... Rest der Datei unverändert ...",
    "... 以降のコードは変更ありません ...",
)
PREAMBLES = (
    "Here's the updated file with the requested changes applied:",
    "Sure! Below is the full revised version of the file:",
    "I've refactored the code as you asked. Here is the complete implementation:",
    "Certainly, this is the corrected code:",
    "Here is the complete modified source file:",
    "Of course! I have fixed the issue. The updated code is as follows:",
)
ADDED_COMMENTS = (
    "Called once a request has been accepted.",
    "Keep the order of these steps: later ones rely on earlier ones.",
    "Returns early when there is nothing left to do.",
    "See the design notes for why this is done eagerly.",
    "The rest of the pipeline expects a sorted list here.",
    "Existing callers pass the options as a plain mapping.",
    "Same rules as for the other kinds of input apply.",
)
