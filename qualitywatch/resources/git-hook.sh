#!/bin/sh
# qualitywatch-git-hook-7d1f6b0e
#
# Asks qualitywatch before a commit or a push goes through. It was written by
# `@INSTALL@` and goes with `qualitywatch hooks uninstall git`. A
# hook that was here before stands beside it as *.qualitywatch-orig, and runs first.

HOOK=@HOOK@
PYTHON=@PYTHON@
ORIGINAL=$(dirname -- "$0")/$HOOK.qualitywatch-orig

INPUT=
if [ "$HOOK" != pre-commit ]; then
    INPUT=$(cat)
fi

feed() {
    if [ -n "$INPUT" ]; then
        printf '%s\n' "$INPUT"
    fi
}

gone() {
    echo "qualitywatch: $PYTHON can not run qualitywatch any more, so nothing judged this." >&2
    echo "  To mend it: install qualitywatch again, then \`@INSTALL@\`." >&2
    if [ "$HOOK" = pre-receive ]; then
        echo "  To give it up: delete hooks/$HOOK on the server." >&2
    else
        echo "  To give it up: delete $0. To pass it by this once: add --no-verify." >&2
    fi
    exit 1
}

# Another tool may have moved this hook and call it from its own, which is ORIGINAL now.
# `qualitywatch doctor` only asks whether we are here: then nothing else is run.
if [ -z "${QUALITYWATCH_PROBE:-}" ] && [ -x "$ORIGINAL" ] && [ "${QUALITYWATCH_CHAINED:-}" != "$ORIGINAL" ]; then
    feed | QUALITYWATCH_CHAINED=$ORIGINAL "$ORIGINAL" "$@" || exit $?
fi

[ -x "$PYTHON" ] || gone
feed | "$PYTHON" -P -m qualitywatch hook git "$HOOK" "$@"
STATUS=$?
if [ "$STATUS" -ne 0 ] && ! "$PYTHON" -P -c 'import qualitywatch' 2>/dev/null; then
    gone
fi
exit "$STATUS"
