"""Sentences of an assistant that stand in a file as bare text.

A line is prose when it is made of words and ends as a sentence does. Where it also
breaks the syntax, no code can be meant, whatever it says; where the language would take
it (a key of YAML, a command of a shell), it must begin as assistants begin or close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qualitywatch.analysis.sources.sieve import Sieve
from qualitywatch.regex import regex

MAX_LENGTH = 400  # signs of a line that are looked at

_SPAN = regex(r"`[^`]*`|\*\*|__|[\w./-]+\.\w{1,5}\b")
_CODE = regex(r"[={}\[\]<>|\\@$%^~;]|\w\(|::|->|\s[+*/&]\s|[\w)]\s+:\s")
_WORD = regex(r"[^\W\d_][\w'’-]*")
_END = regex(r"[.:!?。：！？…](?:\s|[)\"'”»*]|\W)*$")
_CAPITAL = regex(r"[\s\W]*[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ]")
_UNSPACED = regex(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{3}")

_SAID = (
    # English: the opening word, and what comes after it
    r"(?:certainly|sure(?: thing)?|of course|absolutely|definitely|ok(?:ay)?|got it"
    r"|understood|no problem|alright|great(?: question| idea)?|perfect|happy to help"
    r"|thanks?(?: you)?|as (?:you )?requested|sounds good|good (?:catch|question|point)"
    r"|you(?:'|’)re right|apologies|sorry|i apologi[sz]e)\b(?:\s+for[^.!:]*)?[!,.:—–-]",
    r"here(?:(?:'|’)s| is| are| you (?:go|are))\b",
    r"(?:below|above) (?:is|are)\b|(?:the )?following (?:is|are|code|file|version)\b",
    r"i(?:'|’)(?:ve|ll|m)\b|i (?:have|will|am|can|made|added|updated|fixed|changed"
    r"|implemented|refactored|created|removed|kept|hope|also)\b|let me\b|let(?:'|’)s\b",
    # English: what the code is and does
    r"(?:this|the|these|my) (?:\w+ ){0,3}(?:implementation|code|version|solution"
    r"|update|changes?|script|function|class|component|module|file|program|snippet"
    r"|refactor\w*|config\w*|query|schema|fix|approach)\b",
    r"(?:updated|modified|complete|full|final|refactored|revised|corrected|fixed|new)"
    r" (?:\w+ ){0,2}(?:code|file|version|implementation|script|component|class)\b",
    r"(?:key|main|notable|important|summary of|list of|overview of) (?:the )?"
    r"(?:\w+ )?(?:changes|improvements|features|modifications|updates|points)\b.*:"
    r"|(?:changes|improvements|modifications|updates) (?:made|include)\b.*:",
    # English: the way out
    r"(?:i )?hope (?:this|that|it) helps|let me know\b|feel free to\b|note that\b"
    r"|would you like\b|do you want me\b|remember to\b|make sure (?:to|you|that)\b"
    r"|please (?:let me|note|replace|make sure|review|test|run)\b|done[.!]"
    r"|with th(?:is|ese) changes?\b|you(?:'|’)ll need\b|that(?:'|’)s (?:it|all)\b"
    r"|you can (?:now|also|use|run|save|copy|test|find)\b|now (?:the|you|your)\b"
    r"|to (?:use|run|test|apply) this\b|(?:this|it|that) should\b"
    r"|in this (?:updated|version|code|implementation)\b",
    # Spanish, Portuguese, Italian
    r"aqu[íi] (?:está|esta|tienes|tiene|te dejo|vai|estão)\b|claro[!,. ]"
    r"|por supuesto|a continuación|he (?:actualizado|añadido|modificado)|espero que"
    r"|avísame|este código\b",
    r"com certeza|segue (?:o|a|abaixo)|abaixo está|atualizei|me avise",
    r"ecco (?:il|la|lo|le|i|qui)\b|cert(?:o|amente)[!,.]|di seguito"
    r"|ho aggiornato|spero che",
    # French, German, Dutch
    r"voici\b|bien sûr|certainement\b|j(?:'|’)ai (?:mis|ajouté|modifié|corrigé)"
    r"|ci-dessous|n(?:'|’)hésitez pas|ce code\b",
    r"hier (?:ist|sind|is|zijn)\b|natürlich[!,.]|selbstverständlich|gerne[!,.]"
    r"|klar[!,.]|ich habe\b|dieser code\b|lass mich wissen",
    r"natuurlijk[!,.]|ik heb\b",
    # Polish, Turkish, Vietnamese, Indonesian
    r"oto\b|oczywiście|jasne[!,.]|işte\b|elbette|tabii|aşağıda|dưới đây|đây là"
    r"|tất nhiên|berikut (?:adalah|ini)|tentu",
    # Russian, Ukrainian
    r"вот\b|конечно|ниже (?:приведен|представлен)|надеюсь|дайте знать|этот код"
    r"|я (?:обновил|добавил|исправил|изменил)|ось\b|звичайно",
    # Chinese, Japanese, Korean
    r"以下是|下面是|好的[，,!！。]|当然|這是|这是|我已|希望|请注意|如果您|如果你"
    r"|主要(?:修改|改动|变更)",
    r"以下は|以下に|こちらが|はい、|もちろん|承知|かしこまり|了解|ご確認|変更点"
    r"|(?:更新|修正)(?:した|された|しました)",
    r"다음은|아래는|물론|네[,.]|알겠습니다|여기|수정된|업데이트|도움이|참고",
)
_OPENING = rf"[\s#>*“(-]*(?:{'|'.join(_SAID)})"
_PHRASE = regex(_OPENING, re.IGNORECASE)
_ANY_PHRASE = Sieve(rf"^{_OPENING}", re.IGNORECASE | re.MULTILINE)


def any_may_be_said(lines: Sequence[str]) -> bool:
    """False where none of *lines* begins as assistants do, by one look at all."""
    return _ANY_PHRASE.may_fit("\n".join(line[:MAX_LENGTH] for line in lines))


def is_prose(line: str) -> bool:
    """True for a line that is a sentence, and looks like no code."""
    if line[:1].isspace():
        return False
    text = _SPAN.sub(" x ", line[:MAX_LENGTH])
    if _CODE.search(text) or not _END.search(text):
        return False
    return len(_WORD.findall(text)) >= 4 or _UNSPACED.search(text) is not None


def is_sentence(line: str) -> bool:
    """True for prose that begins with a capital, or in a script that has none."""
    starts = _CAPITAL.match(line) or _UNSPACED.search(line[:MAX_LENGTH])
    return starts is not None and is_prose(line)


def is_said(line: str) -> bool:
    """True for prose that begins as assistants begin an answer, or close it."""
    if line[:1].isspace() or _PHRASE.match(line[:MAX_LENGTH]) is None:
        return False
    text = _SPAN.sub(" x ", line[:MAX_LENGTH])
    if _CODE.search(text):
        return False
    return _END.search(text) is not None or len(_WORD.findall(text)) >= 5
