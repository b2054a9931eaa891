"""How each language says nothing, talks, waits, gives up and makes an empty answer.

Tables only: `bodies` reads statements by them. A row adds to what all languages share;
its texts are alternatives of one expression, matched at the start of a statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import msgspec

from qualitywatch.model import Noun
from qualitywatch.regex import regex


class Idioms(Noun):
    """The expressions of one language, each matched where a statement begins."""

    nothing: re.Pattern[str]  # a whole statement without effect
    talk: re.Pattern[str]  # logs, prints, warns or waits
    gives_up: re.Pattern[str]  # raises or ends
    unfinished: re.Pattern[str]  # gives up, and says why by its own name
    refuses: re.Pattern[str]  # gives up without a reason
    void: re.Pattern[str]  # a whole answer that says no more than "done"
    makers: re.Pattern[str]  # what makes a plain value out of plain values
    has_types: bool  # words like `string` are types in its answers
    calls_by_capitals: bool  # `Parse(text)` is a call and not the making of an object


class Row(Noun):
    """What one language adds, as alternatives of regular expressions."""

    nothing: str = ""
    talk: str = ""
    gives_up: str = ""
    unfinished: str = ""
    refuses: str = ""
    void: str = ""
    makers: str = ""
    has_types: bool = False
    calls_by_capitals: bool = False


_SHARED = Row(
    nothing=r"pass|\.\.\.|;|return|void 0|\(\)",
    talk=(
        r"(?:(?:self|this|cls|@)\.?)?_?log(?:ger|ging|s)?(?:\.\w+)*"
        r"|print|println|printf|warn(?:ings?\.warn)?|sleep|delay|usleep|[Ll]ogf?"
        r"|toast(?:\.\w+)?"
    ),
    gives_up=r"raise|throw|abort|exit|die",
    unfinished=r"(?:raise|throw)(?: new)? [\w.:\\]*?Not_?(?:Yet_?)?Implemented\w*",
    void=r"\(\)|void",
    makers=r"",
)

_JS = Row(
    nothing=r"undefined|null|\"use strict\"",
    talk=r"console\.\w+|alert|window\.alert|(?:Alert|Toast|message|notification)\.\w+"
    r"|process\.std(?:out|err)\.write|setTimeout|new Promise",
    gives_up=r"Promise\.reject|reject|process\.exit|next\(new Error",
    void=r"Promise\.resolve\(\)|undefined|void 0",
    makers=r"Map|Set|Array|Object|WeakMap|Promise\.resolve|Object\.(?:freeze|create)"
    r"|Observable\.of|of|NextResponse\.json|Response\.json|res\.json|res\.send",
)
_TS = msgspec.structs.replace(_JS, has_types=True)
_C = Row(
    nothing=r"\(void\)\s*\(?[\w.>-]+\)?|UNUSED\w*\(\w+\)|Q_UNUSED\(\w+\)"
    r"|do \{\s*\} while \(0\)",
    talk=r"f?printf|puts|fputs|perror|syslog|pr_\w+|printk|dev_\w+|LOG\w*|std::c(?:out|err)"
    r"|spdlog::\w+|qDebug|qWarning|nanosleep|std::this_thread::sleep_for|fprintf",
    gives_up=r"assert\s*\(\s*(?:0|false)|std::(?:abort|terminate|exit)"
    r"|__builtin_unreachable|BUG|panic|_exit",
    unfinished=r"throw (?:\w+::)*\w*(?:not_?implemented)\w*",
    makers=r"(?:std::)?(?:vector|string|map|set|unordered_map|unordered_set|optional"
    r"|make_optional|nullopt|pair|make_pair|tuple|list|array)|struct|Q(?:String|List)",
    has_types=True,
)

ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "python": Row(
            nothing=r"None",
            talk=r"pprint|logging\.\w+|click\.echo|typer\.echo|time\.sleep|asyncio\.sleep"
            r"|sys\.std(?:out|err)\.write|console\.print|st\.\w+|traceback\.print_\w+",
            gives_up=r"sys\.exit|os\._exit|abort",
            makers=r"dict|list|set|tuple|frozenset|defaultdict|OrderedDict|Counter|bytes"
            r"|bytearray|str|int|float|object|SimpleNamespace|jsonify|JsonResponse",
        ),
        "javascript": _JS,
        "jsx": _JS,
        "typescript": _TS,
        "tsx": _TS,
        "go": Row(
            nothing=r"_(?:, _)* = [\w., ]+",
            talk=r"(?:fmt|log|slog|klog|glog|zap|logrus)\.(?:\w+\.)*\w+|\w*[lL]og(?:ger)?"
            r"(?:\.\w+)+|time\.Sleep",
            gives_up=r"panic|log\.(?:Fatal|Panic)\w*|os\.Exit|errors\.New|fmt\.Errorf"
            r"|status\.Errorf?",
            void=r"nil",
            makers=r"make|new|append|errors\.New|time\.Duration",
            has_types=True,
            calls_by_capitals=True,
        ),
        "rust": Row(
            nothing=r"let _\w* = [\w.&()]+",
            talk=r"(?:log::|tracing::|slog::)?(?:trace|debug|info|warn|error)!"
            r"|e?print(?:ln)?!|dbg!|(?:std::)?thread::sleep|tokio::time::sleep",
            gives_up=r"panic!|unreachable!|(?:anyhow::)?bail!|(?:std::)?process::(?:exit"
            r"|abort)|Err\(|todo!|unimplemented!|compile_error!",
            unfinished=r"(?:\w+::)*(?:todo|unimplemented)!",
            void=r"Ok\(\(\)\)",
            makers=r"Ok|Some|Vec::(?:new|with_capacity)|String::(?:new|from)|vec!|json!"
            r"|(?:Hash|BTree)(?:Map|Set)::new|Default::default|\w+::default|Box::new"
            r"|Box::pin|Cow::Borrowed|serde_json::json!|Arc::new|Duration::\w+",
            has_types=True,
        ),
        "java": Row(
            talk=r"System\.(?:out|err)\.print\w*|LOG(?:GER)?\.\w+|Log\.\w+|Thread\.sleep"
            r"|TimeUnit\.\w+\.sleep|Toast\.makeText|Timber\.\w+",
            gives_up=r"System\.exit|CompletableFuture\.failedFuture|Mono\.error",
            refuses=r"throw new (?:\w+\.)*UnsupportedOperationException\(\s*\)",
            void=r"CompletableFuture\.completedFuture\(null\)|Mono\.empty\(\)",
            makers=r"(?:new )?(?:Array|Linked)?(?:List|HashMap|HashSet|TreeMap|TreeSet"
            r"|ArrayDeque|LinkedHashMap|LinkedHashSet)|Collections\.empty\w+"
            r"|Collections\.singleton\w*|(?:List|Set|Map|Stream|IntStream)\.(?:of|empty)"
            r"|Arrays\.asList|Optional\.(?:empty|of)|Mono\.(?:just|empty)|Flux\.\w+"
            r"|CompletableFuture\.completedFuture|ImmutableList\.of|ImmutableMap\.of"
            r"|BigDecimal\.valueOf|ResponseEntity\.ok",
            has_types=True,
        ),
        "c": _C,
        "cpp": _C,
        "csharp": Row(
            talk=r"(?:System\.)?Console\.Write\w*|(?:System\.Diagnostics\.)?(?:Debug|Trace)"
            r"\.\w+|_?[lL]og(?:ger)?\.\w+|Log\.\w+|(?:System\.Threading\.)?Thread\.Sleep"
            r"|Task\.Delay|MessageBox\.Show",
            gives_up=r"Environment\.(?:Exit|FailFast)|Task\.FromException",
            refuses=r"throw new (?:\w+\.)*NotSupportedException\(\s*\)",
            unfinished=r"Task\.FromException(?:<[^>]*>)?\(new NotImplemented\w*",
            void=r"(?:System\.Threading\.Tasks\.)?(?:Value)?Task\.CompletedTask",
            makers=r"Task\.FromResult|ValueTask\.FromResult|(?:new )?(?:List|Dictionary"
            r"|HashSet|Queue|Stack)|Array\.Empty|Enumerable\.Empty|string\.Empty"
            r"|String\.Empty|ImmutableArray\.Create|Guid\.Empty|TimeSpan\.Zero|default|Ok"
            r"|new",
            has_types=True,
            calls_by_capitals=True,
        ),
        "ruby": Row(
            nothing=r"nil",
            talk=r"puts|p|pp|\$std(?:out|err)\.\w+|Rails\.logger\.\w+|Kernel\.\w+"
            r"|@?logger\.\w+|STD(?:OUT|ERR)\.\w+",
            gives_up=r"fail|abort|Kernel\.(?:raise|abort|exit)",
            unfinished=r"(?:raise|fail)\(? ?NotImplementedError",
            makers=r"Hash\.new|Array\.new|Set\.new|String\.new|Set|Struct\.new|render",
        ),
        "php": Row(
            talk=r"echo|print_r|var_dump|dump|error_log|trigger_error|syslog|Log::\w+"
            r"|\\?Log::\w+|logger\(\)->\w+|\$this->(?:\w+->)?(?:log(?:ger)?->\w+|info|warn"
            r"|line|error|comment)|printf",
            gives_up=r"abort|die|exit|throw",
            unfinished=r"throw new \\?(?:\w+\\)*\w*NotImplemented\w*",
            makers=r"array|collect|new (?:\\?stdClass|Collection|ArrayObject)"
            r"|response|json|new JsonResponse",
        ),
        "kotlin": Row(
            nothing=r"Unit|null",
            talk=r"(?:Log|Timber|logger|LOG)\.\w+|System\.(?:out|err)\.print\w*"
            r"|Thread\.sleep|kotlinx\.coroutines\.delay|Toast\.makeText",
            gives_up=r"error|TODO|exitProcess|fail",
            unfinished=r"TODO",
            refuses=r"throw (?:\w+\.)*UnsupportedOperationException\(\s*\)",
            void=r"Unit",
            makers=r"(?:mutable|empty)?(?:List|Map|Set|Array|Flow|Sequence)(?:Of)?"
            r"|(?:list|map|set|array|flow|sequence|hashMap|arrayList|intArray|linkedMap)Of"
            r"|Result\.success|Pair|Triple|buildList|flowOf|ArrayList|HashMap",
            has_types=True,
        ),
        "swift": Row(
            nothing=r"_ = [\w.]+",
            talk=r"debugPrint|NSLog|os_log|dump|Thread\.sleep|Task\.sleep|try\?? await"
            r" Task\.sleep",
            gives_up=r"fatalError|preconditionFailure|assertionFailure|abort"
            r"|precondition\(false|assert\(false",
            refuses=r"fatalError\(\s*\)",
            makers=r"Array|Dictionary|Set|String|Data|Just|Date|URL|Empty|Result\.success"
            r"|\.success|\.just|Color|EmptyView|Text",
            has_types=True,
        ),
        "scala": Row(
            nothing=r"\{\}|\{ \}",
            talk=r"System\.(?:out|err)\.print\w*|log(?:ger)?\.\w+|Thread\.sleep|LOG\.\w+"
            r"|IO\.println|Console\.\w+",
            gives_up=r"sys\.(?:error|exit)|\?\?\?|Future\.failed|IO\.raiseError",
            unfinished=r"\?\?\?|throw (?:new )?(?:\w+\.)*NotImplementedError",
            void=r"Future\.unit|IO\.unit|Future\.successful\(\(\)\)|Done",
            makers=r"(?:List|Seq|Map|Set|Vector|Array|Option|Iterator|Stream|LazyList"
            r"|Iterable|IndexedSeq)(?:\.empty)?|Some|Right|Success|Future\.successful"
            r"|IO\.pure|IO|Chain\.empty|mutable\.\w+",
            has_types=True,
        ),
        "lua": Row(
            nothing=r"return nil|do end",
            talk=r"io\.(?:write|stderr:write)|ngx\.(?:log|say|sleep)|vim\.notify"
            r"|log[.:]\w+|wait|task\.wait|os\.execute\(\"sleep",
            gives_up=r"error|os\.exit|assert\(false|ngx\.exit",
        ),
        "bash": Row(
            nothing=r":|true|return 0|exit 0",
            # What goes to standard output is an answer, unless it is fixed.
            talk=r"(?:echo|printf)(?=[^\n]*>&2|[^$`]*\Z)|log\w*|warn\w*|info"
            r"|debug|sleep",
            gives_up=r"exit|return [1-9]\d*|false|die|fail|abort|error",
        ),
    }
)
"""What each language adds to what all share."""

IMPLICIT = frozenset({"ruby", "rust", "scala", "kotlin", "swift", "csharp"})
"""Languages in which the last expression of a body may be its answer."""

BODILESS = frozenset({"ruby", "lua", "python"})
"""Languages whose grammar gives an empty body no node."""


@lru_cache(maxsize=32)
def idioms(language: str) -> Idioms:
    """The expressions of the language of that name."""
    row = ROWS.get(language, _SHARED)
    return Idioms(
        nothing=_whole(_SHARED.nothing, row.nothing),
        talk=_begins(_SHARED.talk, row.talk),
        gives_up=_begins(_SHARED.gives_up, row.gives_up),
        unfinished=_begins(_SHARED.unfinished, row.unfinished),
        refuses=_whole(row.refuses),
        void=_whole(_SHARED.void, row.void),
        makers=_whole(row.makers),
        has_types=row.has_types,
        calls_by_capitals=row.calls_by_capitals,
    )


# What follows the name of what is called: arguments, with brackets or without.
_ARGUMENTS = (
    r"(?=\s*(?:<[\w, .?]*>)?\s*[(\[\"'`!<{;]|\s+[\w$:\"'@%.\\-]|\s*$)(?!\s*=[^=>])"
)


def _begins(*alternatives: str) -> re.Pattern[str]:
    return regex(rf"(?:{_joined(alternatives)})(?:(?<=\()|(?<=\))|{_ARGUMENTS})")


def _whole(*alternatives: str) -> re.Pattern[str]:
    return regex(rf"(?:{_joined(alternatives)})\s*;?\Z")


def _joined(alternatives: tuple[str, ...]) -> str:
    return "|".join(text for text in alternatives if text) or r"(?!)"
