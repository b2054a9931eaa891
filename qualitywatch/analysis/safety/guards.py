"""The words of access control: what refuses, what asks who it is, what says yes to all.

Text only, so that one lexicon serves every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from qualitywatch.analysis.sources.sieve import Sieve
from qualitywatch.model import Confidence
from qualitywatch.regex import linear, regex

REACH = 3  # lines below a condition in which its refusal stands
MAX_LINE = 1_000  # signs of a line that are read

_SUBJECT = (
    r"auth|permi|allow|access|admin|log(?:ged)?_?in|token|signature|signed|password"
    r"|credential|session|role|scope|owner|csrf|cert|hmac|jwt|privilege|grant|forbid"
    r"|identity|superuser|staff|secret|webhook"
)
_MENTION = linear(rf"(?i){_SUBJECT}|before_action|can\?|guard|can\(|can_".encode())

_GUARDING = regex(
    r"auth(?!or\b|ors\b|ority\b)|permi(?:ssion|t)|is_?admin|admin_?only"
    r"|log(?:ged)?_?in\b|login_required|role|forbid|guard|csrf|polic(?:y|ies)|protect"
    r"|middleware|verif(?:y|ie)|owner|privilege|credential|is_?staff|superuser"
    r"|access_?control|denied|\b40[13]\b|can\?|\bcan\(|ensure_|require_",
    re.IGNORECASE,
)
_OPENING = regex(
    r"AllowAny\b|AllowAnonymous|permitAll|PermitAll|csrf_exempt|skip_before_action"
    r"|skip_authorization|public_route|without_?middleware",
    re.IGNORECASE,
)
_ASKED = (
    r"is_?admin\b|is_?staff\b|is_?superuser\b|is_?authenticated\b|is_?logged_?in\b"
    r"|logged_?in\b|has_?(?:perm|role|scope|access)\w*|is_?authori[sz]ed|is_?owner\b"
    r"|is_?allowed\b|can_?(?:access|edit|view|delete|manage|write|read|update)\w*"
    r"|\bcan\?|\bcan\(|\.cannot\(|\.allows?\(|\.denies\(|current_user\b|permissions?\b"
    r"|\brole\b|authenticated\?|signed_in\?|user_signed_in|authori[sz]ed\?"
    r"|(?:verify|valid)_?(?:signature|token|csrf|hmac)\w*|compare_digest|hmac\.equal"
    r"|timing_?safe_?equal|secure_compare|hash_equals"
)
_CONDITION = Sieve(
    rf"(?:^|[\s;}}(])(?:if|unless|guard|elif|elsif|else if|when)\b.*(?:{_ASKED})",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSAL = regex(
    r"\b40[13]\b|Forbidden|Unauthori[sz]ed|PermissionDenied|PermissionError"
    r"|AccessDenied|NotAuthori[sz]ed|NotAuthenticated|AuthenticationError"
    r"|AuthorizationError|Unauthenticated|InvalidToken|InvalidSignature|CsrfViolation"
    r"|not allowed|not permitted|permission denied|access denied|login_url"
    r"|redirect\w*\(.*(?:login|sign_?in)|authentication required",
    re.IGNORECASE,
)
_REFUSING_CALL = Sieve(
    r"^\s*(?:await\s+|self\.|this\.|\$this->|super\.|try\s+|@)*"
    r"(?:authori[sz]e!?|require_?(?:login|auth\w*|admin|permission\w*|role\w*|owner)"
    r"|check_?(?:permission\w*|auth\w*|access|owner\w*|csrf\w*)"
    r"|(?:ensure|assert|enforce)_?(?:permission\w*|auth\w*|admin|owner\w*|access"
    r"|allowed\w*|logged_?in)|verify_?(?:csrf\w*|signature\w*|token|auth\w*)"
    r"|deny_?unless\w*|authenticate_?\w*!)(?:\s*\(.*|\s+[\w@:$'\"].*|\s*;?)$",
    re.IGNORECASE | re.MULTILINE,
)
_DECORATORS = (
    r"login_required|permission_required|permissions?_classes|user_passes_test"
    r"|staff_member_required|(?:require|ensure|check|needs?)s?_?(?:auth\w*|login|roles?"
    r"|scopes?|permissions?|admin|token|user)|jwt_required|admin_required|auth_required"
    r"|authenticated\b|roles?_(?:required|accepted)|csrf_protect|^Authorize\b"
    r"|PreAuthorize|PostAuthorize|^Secured\b|RolesAllowed|DenyAll|RequiresPermissions"
    r"|RequiresRoles|RequiresAuthentication|ValidateAntiForgeryToken|UseGuards"
    r"|^Roles\b|^Permissions\b|IsGranted|^Security\("
)
_DECORATOR = regex(_DECORATORS, re.IGNORECASE)
_ANY_DECORATOR = linear(f"(?i){_DECORATORS.replace('^', '')}".encode(), groups=False)
_GIVEN = r"(?:\([^()]{0,80}\))?"
_MIDDLEWARE = (
    r"(?:require|ensure|check|verify|is|authorize|authenticate|protect|restrict|validate)"
    rf"_?(?:auth\w*|login|loggedIn|admin\w*|role\w*|permission\w*|token|jwt|session"
    rf"|user|csrf\w*|owner\w*|to)?{_GIVEN}"
    rf"|auth(?:entication|orization|Middleware|Required|Guard|\.\w+)?{_GIVEN}"
    r"|passport\.authenticate\([^()]{0,80}\)|csrfProtection|adminOnly"
    r"|Depends\((?:get_)?(?:current_)?(?:active_)?(?:user|auth|require)\w*\)"
)
_IN_ROUTE = regex(rf"(?<=[,(\[])\s*(?:{_MIDDLEWARE})\s*(?:,|(?=[)\]]))", re.IGNORECASE)
_CHAINED = regex(
    r"->middleware\(\s*\[?['\"]?(?:auth|can|role|permission|verified)[^()]{0,80}\)"
    r"|\.RequireAuthorization\([^()]{0,80}\)|->can\([^()]{0,80}\)"
    r"|\.requireAuth\w*\([^()]{0,80}\)"
)
_ROUTE = Sieve(
    r"\.(?:get|post|put|patch|delete|all|use|route|any|handle\w*|map\w*|group)\b|Route::",
    re.IGNORECASE,
)

_VERB = regex(
    r"^_*(?:is|has|can|may|check|verify|validate|require|ensure|assert|enforce"
    r"|authori[sz]e|authenticate|allow|permit|must|compare|needs)(?=$|[_A-Z?!])"
    r"|^(?:Is|Has|Can|Check|Verify|Validate|Require|Ensure|Authori[sz]e|Authenticate)"
    r"(?=$|[A-Z])"
)
_CHECK_WORD = regex(_SUBJECT, re.IGNORECASE)
_ALONE = regex(
    r"^(?:authori[sz]ed?|authenticated?|allowed|permitted|authori[sz]e|authenticate)[?!]?$"
    r"|^(?:admin|owner|staff|logged_in|signed_in|can_\w+)\?$",
    re.IGNORECASE,
)
_REFUSING_NAME = regex(
    r"^_*(?:check|verify|validate|require|ensure|assert|enforce|authori[sz]e"
    r"|authenticate|protect|guard)",
    re.IGNORECASE,
)
_ASKING_NAME = regex(
    r"^_*(?:requires|needs|must)_?(?:be_)?(?:auth|log|permission)", re.IGNORECASE
)
_COMMENT = regex(r"/\*.*?\*/|(?:^|\s)(?://|#(?!\[)|--\s)[^\n]*", re.DOTALL)
_DOCSTRING = regex(r'^\s*(?:"""[^"]*"""|\'\'\'[^\']*\'\'\')')
_LOGGED = regex(
    r"\b(?:console\.\w+|print(?:ln|f)?!?|log(?:ger|ging)?(?:\.\w+)?|fmt\.Print\w*|puts"
    r"|System\.out\.\w+|Log\.\w+)\([^()]{0,200}\);?"
)
_YES = regex(
    r"(?:return\s*\(?\s*)?(?:true|1|Ok\(\(\)\)|Ok\(true\)|true,\s*nil|nil,\s*nil"
    r"|Promise\.resolve\(true\)|Task\.FromResult\(true\)|\.success\(true\))\s*\)?;?",
    re.IGNORECASE,
)
_NO_OBJECTION = regex(
    r"(?:pass|\.\.\.|return;?|return\s+(?:None|nil|null|undefined);?|nil|null|None"
    r"|(?:return\s+|await\s+|return await\s+)?next\(\);?(?:\s*return;?)?|\w+\.Next\(\)"
    r"|Ok\(\(\)\)|return Promise\.resolve\(\);?|return Task\.CompletedTask;?|:|true)?"
)
_NO = regex(r"(?:return\s+)?false;?", re.IGNORECASE)
_DECISION = regex(
    r"\b(?:if|unless|guard|and|or|in|match|switch|raise|throw)\b|[=!<>]=|&&|\|\|"
    r"|\w\s*\(|\.\w+"
)


def may_be_guarded(text: bytes) -> bool:
    """False for a text that guards nothing: one look at all of it."""
    return _may_hold(_MENTION, text)


def may_be_decorated(text: bytes) -> bool:
    """False for a text in which no decorator lets only some people in."""
    return _may_hold(_ANY_DECORATOR, text)


def _may_hold(words: Any, text: bytes) -> bool:
    """False where none of the *words* is there; beyond ASCII case has odd forms."""
    return not text.isascii() or words.search(text) is not None


def may_guard(line: str) -> bool:
    """True for a line that may guard, in whatever way; not one that lets all in."""
    line = line[:MAX_LINE]
    return bool(_GUARDING.search(_OPENING.sub("", line)))


def refusals(lines: Sequence[str], numbers: Sequence[int]) -> Iterator[int]:
    """Those of *numbers* whose statement turns somebody away for who they are."""
    text = "\n".join(lines[number - 1][:MAX_LINE] for number in numbers)
    for at in sorted({*_REFUSING_CALL.lines(text), *_CONDITION.lines(text)}):
        if _refuses(lines, numbers[at - 1] - 1):
            yield numbers[at - 1]


def _refuses(lines: Sequence[str], at: int) -> bool:
    head = lines[at][:MAX_LINE]
    if _REFUSING_CALL.search(head):
        return True
    if not _CONDITION.search(head):
        return False
    return any(_REFUSAL.search(t[:MAX_LINE]) for t in lines[at : at + 1 + REACH])


def is_check(name: str) -> bool:
    """True for the name of a function that says whether somebody may do something."""
    short = re.split(r"::|\.", name)[-1].split("(")[0]
    if _ALONE.match(short):
        return True
    return bool(_VERB.match(short) and _CHECK_WORD.search(short))


def decides(body: str) -> bool:
    """True for a body that asks anything before it answers."""
    return _DECISION.search(bare(body)) is not None


def permits(body: str, name: str) -> Confidence | None:
    """How surely *body* lets everybody pass, for a check of that *name*."""
    answer = bare(_LOGGED.sub("", body))
    if _ASKING_NAME.match(name):
        return Confidence.LIKELY if _NO.fullmatch(answer) else None
    first = next((bare(t) for t in _code_lines(body)), "")
    if _YES.fullmatch(answer):
        return Confidence.CERTAIN
    if first.startswith("return") and _YES.fullmatch(first):
        return Confidence.CERTAIN  # whatever stands below is never reached
    if _REFUSING_NAME.match(name) and _NO_OBJECTION.fullmatch(answer):
        return Confidence.LIKELY
    return None


def is_decorator(text: str) -> bool:
    """True for a decorator, annotation or attribute that lets only some people in."""
    return _DECORATOR.search(text) is not None and not _OPENING.search(text)


def routes(lines: Sequence[str], numbers: Sequence[int]) -> Iterator[int]:
    """Those of *numbers* whose line may define a route."""
    text = "\n".join(lines[number - 1] for number in numbers)
    return (numbers[at - 1] for at in _ROUTE.lines(text))


def without_guard(line: str) -> Iterator[str]:
    """*line*, the definition of a route, with each guard in it taken out."""
    if not _ROUTE.search(line) or len(line) > MAX_LINE:
        return
    for pattern in (_IN_ROUTE, _CHAINED):
        for match in pattern.finditer(line):
            rest = line[match.end() :]
            yield line[: match.start()] + rest
            yield line[: match.start()].rstrip().removesuffix(",") + rest


def bare(code: str) -> str:
    """*code* on one line, without comments, docstring, outer brackets and blanks."""
    text = _COMMENT.sub(" ", _DOCSTRING.sub("", code))
    text = (
        re.sub(r"\s+", " ", text).strip().removeprefix("=>").removeprefix("=").strip()
    )
    while text[:1] == "{" and text[-1:] == "}":
        text = text[1:-1].strip()
    return re.sub(r"\s*([,()\[\]])\s*", r"\1", text)


def _code_lines(body: str) -> Iterator[str]:
    text = _COMMENT.sub("", _DOCSTRING.sub("", body)).strip().removeprefix("{")
    return (line for line in text.split("\n") if line.strip())
