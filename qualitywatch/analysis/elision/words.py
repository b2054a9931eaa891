"""The words of remarks that stand for code, and the English ones.

Each word has a part to play, written as one letter, so that a whole remark becomes
a short string of letters which `elision` matches against its few patterns:
"the rest of the methods remain the same" reads `RCVV`.

A trailing `*` stands for any ending; a blank makes a phrase of several words; accents
are left out when comparing. Of two entries that fit, the longer one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

REST = "R"  # what is left over: nothing else is ever meant by it
OTHER = "O"  # other, existing, previous: says which code, if a noun follows
KIND = "M"  # the same, more, current: says so only behind an ellipsis
PROGRAM = "P"  # nouns that can only mean program text as such
MEMBER = "C"  # nouns for a piece of a program
CONTAINER = "F"  # nouns for the whole that a remainder belongs to
MATTER = "S"  # nouns that may as well be the data the program works on
STATE = "V"  # unchanged, as before, omitted
STAY = "v"  # kept, continues, skipped: programs do that at run time too
BREVITY = "Z"  # why something was cut
CUT = "z"  # says outright that something was cut
CHANGED = "c"  # tells a state only behind "nothing else"
KEEP = "K"  # tells the reader to keep or copy something
INSERT = "I"  # tells the reader to put something in
HERE = "H"
YOUR = "Y"
NAME = "N"  # an identifier; found by its form
GLUE = "D"  # articles and the like
TOWARDS = "d"  # prepositions: glue, but a remark does not begin with one
IS = "e"  # is, are, has, will: glue before a state, prose before all else
AND = "&"
BUT = "X"
PROSE = "B"  # words of a sentence that explains something
OTHER_WORD = "W"

Words = Mapping[str, str]

ENGLISH: Words = {
    REST: """rest, remainder, remaining, everything else, everything below,
        everything above, everything after, all else, the others, leftover""",
    OTHER: """other, others, existing, pre-existing, preexisting, previous, previously,
        prior, earlier, preceding, former, original, unmodified""",
    KIND: """same, identical, more, additional, further, similar, similarly, various,
        old, current, full, complete, entire, equivalent, usual, already, unrelated,
        standard, corresponding, initial""",
    PROGRAM: """code, codes, codebase, implementation, implementations, impl, logic,
        functionality, boilerplate, jsx, tsx, html, css, markup, source code,
        snippet""",
    MEMBER: """method, methods, function, functions, func, funcs, import, imports,
        export, exports, constructor, getter, setter, handler, middleware, component,
        endpoint, helper, hook, decorator, reducer, selector, callback, listener,
        utility, utilities, util, using, usings, includes, declaration, initializer,
        style, styling, stylesheet, subclass, subclasses, controller, mutation,
        resolver, viewmodel, subroutine, routine, macro, useeffect, usestate, property,
        properties, statement, interface, enum, struct, overload, test case, fixture,
        switch case, match arm, arms""",
    CONTAINER: """class, classes, file, script, body, module, page, program, document,
        template, view, test, tests, suite, block, loop, switch, model, schema, table,
        form, config, configuration, screen, layout, section, service, object, array,
        dict, list, map, game, app, application, bot, server, query, definition, spec,
        render, storyboard, widget, dashboard, migration""",
    MATTER: """field, prop, attribute, option, setting, param, parameter, argument, key,
        entry, entries, item, element, type, row, column, content, contents, header,
        footer, nav, navbar, sidebar, data, case, route, router, action, state, rule,
        step, queries, event, button, input, modal, dialog, tab, panel, card, menu, ui,
        part, portion, line, stuff, thing, details, setup, initialization,
        initialisation, init, guard, check, validation, validator, handling, processing,
        calculation, computation, generation, creation, rendering, parsing, dependency,
        dependencies, dep, package, library, libraries, asset, opcode, structure,
        namespace, client, api, process, workflow, pipeline, feature, permission,
        translation, message, mock, plugin, effect, override, annotation, documentation,
        constant, variable, var, node, slide, command, job, task, member, scenario,
        value, record, store, link, meta, tag, script tag, animation, analysis,
        operation, call, implementation details, variant, environment, cleanup,
        teardown, branch, branches, condition, chunk, behavior, behaviour, return""",
    STATE: """unchanged, untouched, unmodified, unaltered, intact, omitted, elided,
        truncated, abbreviated, collapsed, shortened, remain, remains, stay, stays,
        as is, as-is, as it is, as it was, as they are, as they were, as before,
        as above, as previously, as earlier, as original, as originally, as in original,
        as in the original, as in previous, as in the previous, as shown above,
        like before, like above, from before, from above, from earlier, from original,
        from the original, from previous, from the previous, same as before,
        same as above, same as previous, same as previously, same as original,
        same as earlier, same as existing, same as the original, same as the previous,
        same as yours, same as your, same as now, same as current, same as last,
        same as the current, identical to before, identical to the original,
        identical to original, identical to previous, identical to above,
        just like before, not shown, left out, left as is, left unchanged, left intact,
        kept as is, kept unchanged, kept the same, keeps the same, stays the same,
        no change, no changes, no edits, no modification, no modifications,
        no other changes, no further changes, without change, without changes,
        without modification, without modifications, does not change, do not change,
        did not change, doesn t change, don t change, didn t change, hasn t changed,
        haven t changed, has not changed, have not changed, not been changed,
        not changed, nothing changes, nothing changed, nothing else changes,
        nothing else changed, were not touched, not touched, would be included,
        up to date, not modified, not altered, not edited, nothing else, nothing new,
        nothing was changed, no code changes, as you had it, as you have it,
        as you have them, as you had them, as you already have, you already have,
        you had, like it was, like they were, the way it is, the way it was,
        the way they are, the way they were, way it is, way it was, stay put,
        stays put, left alone, left as they were, left as it was, left as they are,
        left as it is, kept as it is, kept as they are, kept as it was, kept intact,
        same content, same contents, same code, same implementation, same as it was,
        same as they were, same as they are, same as it is, same way as before,
        identical to what you have, identical to the current, identical to the old,
        identical to the existing, identical to the previous one, not reproduced,
        not repeated here, not shown here, not relevant here, hidden for brevity,
        skipped for brevity, abridged, redacted, goes unchanged, carries over,
        carried over, unedited, unmodified from""",
    CHANGED: "changed, modified, altered, edited, touched, different, affected",
    STAY: """continue, continues, continued, kept, keeps, preserved, retained, skipped,
        removed, trimmed, condensed, stripped, cut, hidden, excluded, unaffected,
        remained, stayed, as was, as implemented, as defined,
        not included, not repeated, same as in, see above, see original, see previous,
        ditto, already implemented, already defined, implemented before, verbatim,
        would be defined, remaining the same""",
    BREVITY: """for brevity, for conciseness, for clarity and brevity, for readability,
        for the sake of brevity, due to length, for length, for clarity, for space""",
    CUT: """snip, snipped, code elided, elided code, code skipped, code hidden, lines
        omitted, lines skipped, lines hidden, lines elided, lines truncated, omitted
        lines, hidden lines, redacted code, code omitted, omitted code, code
        truncated, code continues, file truncated, content truncated, output
        truncated, code snipped""",
    KEEP: """keep, keeping, copy, paste, retain, preserve, reuse, maintain, replicate,
        duplicate, re-include, reinclude, re-add, leave""",
    INSERT: """insert, add, put, place, append, write, implement, use, define, include,
        including, restore, carry, merge, fill""",
    HERE: """here, below, above, underneath, there, goes here, go here, would go here,
        would be here, will go here, should go here, comes here, belongs here, is here,
        are here, follow, follows, would follow""",
    YOUR: "your, yours",
    GLUE: """the, a, an, all, any, every, each, both, its, their, our, my, his, this,
        these, those, some, exactly, completely, entirely, mostly, largely, still, just,
        simply, no, one, two, three, four, five, six, seven, eight, nine, ten, several,
        many, few, such, so far, all of, the whole, same kind of""",
    TOWARDS: """of, in, from, to, for, with, on, at, by, inside, within, via, under,
        per, into, onto, as, that, back, out, over, up, down, between, across, after,
        before, like, against, about, toward, towards, upon, during, through,
        without""",
    IS: "is, are, be, been, being, was, were, will, has, have, had, am, s",
    AND: "and, or, plus, etc, and so on, and so forth",
    BUT: "but, except, apart, besides",
    PROSE: """because, since, unless, until, if, when, whenever, while, where, whether,
        which, who, whose, so, then, than, otherwise, also, however, hence, thus,
        therefore, though, although, yet, we, it, they, he, she, i, you, us, them, must,
        should, shall, would, could, can, cannot, may, might, never, always, let, lets,
        not, only, even, instead, rather, maybe, perhaps, likely, now, once, again,
        first, next, finally, does, did, don, doesn, didn, won, isn, aren, wasn, make,
        makes, need, needs, why, how, what, there is, there are, else, other than,
        rather than, for example, e g, i e, note, todo, fixme, hack, same thing,
        as well, for now, in case, be sure, despite, regardless""",
}
