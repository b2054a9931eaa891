"""The proof of a judgement: what was judged, by what, and what was decided.

One JSON object. Its last field is the SHA-256 of all others in canonical form: keys
sorted, nothing between the signs, every sign beyond ASCII escaped. Standard tools make
the same form (docs/gate.md), so that nobody needs us to check it. It is no signature:
it shows what was changed by accident, or by somebody who can not compute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

import msgspec

from qualitywatch.gate.judged import Judged
from qualitywatch.git import Repository
from qualitywatch.installed import version_of
from qualitywatch.model import Change, GateReport
from qualitywatch.reports.safe import encodable

KIND = "qualitywatch-evidence"
VERSION = 1
DIGEST = "sha256"

Document = Mapping[str, object]


def document(
    repository: Repository, judged: Judged, report: GateReport, *, time: str
) -> Document:
    """The proof of *report*, sealed. *time* is when it was made."""
    told: dict[str, object] = {
        "kind": KIND,
        "version": VERSION,
        "time": time,
        "duration_ms": round(report.duration_ms),
        "decision": report.decision,
        "reasons": report.reasons,
        "judged": _what(repository, judged),
        "by": _by(judged),
        "files_checked": report.files_checked,
        "violations": report.violations,
        "suppressed": report.suppressed,
        "quarantines": report.quarantines,
        "not_judged": {
            "unanalysable": report.unanalysable,
            "skipped": report.skipped,
        },
    }
    plain = _plain(msgspec.to_builtins(told))
    assert isinstance(plain, dict)
    return {**plain, DIGEST: digest(plain)}


def digest(told: Document) -> str:
    """The SHA-256 of a document in canonical form, without its own digest."""
    others = {name: value for name, value in told.items() if name != DIGEST}
    text = json.dumps(others, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _what(repository: Repository, judged: Judged) -> Document:
    changes = judged.changes
    return {
        "door": judged.door,
        "repository": repository.name,
        "base": changes.base,
        "base_tree": repository.tree_id(changes.base) if changes.base else None,
        "base_grounds": judged.base.grounds if judged.base else "HEAD",
        "merged_from": judged.base.known if judged.base else (),
        "head": changes.head,
        "head_tree": repository.tree_id(changes.head) if changes.head else None,
        "files": _files(changes.changes, judged.trust.limit),
    }


def _by(judged: Judged) -> Document:
    trust, settings = judged.trust, judged.settings
    return {
        "program": "qualitywatch",
        "version": version_of("qualitywatch"),
        "taken_from": judged.changes.base,  # none: the defaults
        "settings_sha256": hashlib.sha256(
            msgspec.json.encode(trust.settings, order="sorted")
        ).hexdigest(),
        "rules_sha256": trust.rules.digest,
        "rules": len(trust.rules.rules),
        "disabled_rules": trust.settings.rules.disabled,
        "fail_on": settings.fail_on,
        "confidence": settings.confidence,
        "accept_new_suppressions": judged.accept_new_suppressions,
        "parsers": _parsers(),
    }


def _files(changes: Sequence[Change], limit: int) -> list[Document]:
    return [
        {
            "path": change.path,
            "old_path": change.old_path,
            "problem": change.problem,
            "before": _content(change.before, limit),
            "after": _content(change.after, limit),
        }
        for change in changes
    ]


def _content(content: bytes | None, limit: int) -> Document | None:
    if content is None:
        return None
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "is_cut": len(content) >= limit,  # longer than what is ever judged
    }


def _parsers() -> dict[str, str]:
    """The versions of what reads the languages."""
    names: Iterable[str] = metadata.requires("qualitywatch") or ()
    wanted = sorted({_name(each) for each in names})
    return {name: version_of(name) for name in wanted if _reads_code(name)}


def _name(requirement: str) -> str:
    return requirement.partition(";")[0].partition(">")[0].partition("=")[0].strip()


def _reads_code(name: str) -> bool:
    return name == "libcst" or name.startswith("tree-sitter")


def _plain(value: object) -> object:
    """*value* with texts that every JSON reader reads the same."""
    match value:
        case str():
            return encodable(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
