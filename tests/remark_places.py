"""Files to set a remark into: code that it replaces, or code that stays beside it.

A template marks by `@drop` and `@end` the code that a lazy edit would drop; the remark
takes the indentation of `@drop`. Each holds a `LIMIT` that an honest edit may change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

PYTHON_FUNCTION = """\
import json
import time

LIMIT = 100


def prepare(path, options):
    started = time.monotonic()
    @drop
    text = path.read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines()]
    header = [name.strip() for name in rows.pop(0)]
    if len(rows) > LIMIT:
        raise ValueError("too many rows")
    records = []
    for row in rows:
        record = dict(zip(header, row, strict=True))
        record["id"] = int(record["id"])
        record["active"] = record["active"] == "yes"
        records.append(record)
    records.sort(key=lambda record: record["id"])
    options.progress(len(records))
    @end
    return time.monotonic() - started


def show(value):
    return json.dumps(value, indent=2)
"""

PYTHON_BODY = """\
import time

LIMIT = 100


def notify(users, message, mailer):
    @drop
    sent = []
    for user in users:
        if not user.active:
            continue
        address = user.mail or user.backup
        if address is None:
            continue
        mailer.connect(timeout=LIMIT)
        mailer.send(address, message.subject, message.text)
        mailer.close()
        sent.append(user.id)
    message.sent_at = time.time()
    return sent
    @end


def area(width, height):
    return width * height
"""

PYTHON_CLASS = """\
class Cart:
    rate = 0.2

    def __init__(self, lines):
        self.lines = list(lines)

    @drop
    def total(self):
        net = sum(line.price * line.count for line in self.lines)
        tax = net * self.rate
        return round(net + tax, 2)

    def add(self, line):
        known = self.find(line.sku)
        if known is not None:
            known.count += line.count
        else:
            self.lines.append(line)

    def find(self, sku):
        for line in self.lines:
            if line.sku == sku:
                return line
        return None

    def clear(self):
        self.lines.clear()
    @end


LIMIT = 100
"""

PYTHON_MODULE = """\
import json

LIMIT = 100


def show(value):
    return json.dumps(value, indent=2)


@drop
def read(path):
    text = path.read_text()
    rows = text.splitlines()
    return [json.loads(row) for row in rows]


def write(path, rows):
    lines = [json.dumps(row) for row in rows]
    text = "\\n".join(lines)
    path.write_text(text)


def merge(old, new):
    merged = dict(old)
    merged.update(new)
    return merged
@end
"""

PYTHON_IMPORTS = """\
from app.models import User
@drop
import csv
import json
import logging
import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from app.tools import clean
@end

LIMIT = 100


def user(name):
    return User(name)
"""

PYTHON_TRY = """\
LIMIT = 100


def sync(client, store, log):
    try:
        client.open()
        @drop
        changes = client.pull(limit=LIMIT)
        known = store.ids()
        fresh = [change for change in changes if change.id not in known]
        for change in fresh:
            store.apply(change)
            log.info("applied %s", change.id)
        stale = known - {change.id for change in changes}
        for id in stale:
            store.remove(id)
            log.info("removed %s", id)
        store.commit()
        @end
    except OSError as error:
        log.error(error)
"""

PYTHON_IF = """\
LIMIT = 100


def report(rows, plot, draw):
    print(len(rows))
    if draw:
        @drop
        figure = plot.figure(figsize=(8, 6))
        axes = figure.add_subplot()
        axes.plot([row.x for row in rows], [row.y for row in rows])
        axes.set_xlabel("time")
        axes.set_ylabel("value")
        axes.set_title("Report")
        axes.grid(visible=True)
        figure.tight_layout()
        figure.savefig("report.png")
        plot.close(figure)
        @end
        pass
    return LIMIT
"""

PYTHON_DICT = """\
LIMIT = 100

SETTINGS = {
    "host": "localhost",
    @drop
    "port": 8080,
    "secure": False,
    "timeout": 30,
    "retries": 5,
    "proxy": None,
    "user": "root",
    "shell": "/bin/sh",
    "theme": "dark",
    "locale": "en",
    "zone": "UTC",
    @end
}


def setting(name):
    return SETTINGS[name]
"""

SCRIPT_FUNCTION = """\
import { read } from "./read";

const LIMIT = 100;

export async function prepare(path, options) {
  const started = Date.now();
  @drop
  const text = await read(path);
  const rows = text.split("\\n").map((line) => line.split(","));
  const header = rows.shift().map((name) => name.trim());
  if (rows.length > LIMIT) {
    throw new Error("too many rows");
  }
  const records = [];
  for (const row of rows) {
    const record = Object.fromEntries(row.map((cell, at) => [header[at], cell]));
    record.id = Number(record.id);
    record.active = record.active === "yes";
    records.push(record);
  }
  records.sort((a, b) => a.id - b.id);
  options.progress(records.length);
  @end
  return Date.now() - started;
}

export const show = (value) => JSON.stringify(value, null, 2);
"""

SCRIPT_BODY = """\
const LIMIT = 100;

export async function notify(users, message, mailer) {
  @drop
  const sent = [];
  for (const user of users) {
    if (!user.active) continue;
    const address = user.mail ?? user.backup;
    if (!address) continue;
    await mailer.connect({ timeout: LIMIT });
    await mailer.send(address, message.subject, message.text);
    await mailer.close();
    sent.push(user.id);
  }
  message.sentAt = Date.now();
  return sent;
  @end
}

export const area = (width, height) => width * height;
"""

SCRIPT_CLASS = """\
const LIMIT = 100;

export class Cart {
  constructor(lines) {
    this.lines = [...lines];
  }

  @drop
  total() {
    const net = this.lines.reduce((sum, line) => sum + line.price * line.count, 0);
    const tax = net * this.rate;
    return Math.round((net + tax) * 100) / 100;
  }

  add(line) {
    const known = this.find(line.sku);
    if (known) {
      known.count += line.count;
    } else {
      this.lines.push(line);
    }
  }

  find(sku) {
    return this.lines.find((line) => line.sku === sku);
  }

  clear() {
    this.lines.length = 0;
    this.touched = Date.now();
  }
  @end
}
"""

SCRIPT_MODULE = """\
import { join } from "./join";

const LIMIT = 100;

export const show = (value) => JSON.stringify(value, null, 2);

@drop
export function read(text) {
  const rows = text.split("\\n");
  const kept = rows.filter((row) => row.length > 0);
  return kept.map((row) => JSON.parse(row));
}

export function write(rows) {
  const lines = rows.map((row) => JSON.stringify(row));
  return join(lines);
}

export function merge(old, fresh) {
  const merged = { ...old };
  Object.assign(merged, fresh);
  return merged;
}
@end
"""

SCRIPT_IMPORTS = """\
import { User } from "./models";
@drop
import { clean } from "./clean";
import { compare } from "./compare";
import { format } from "./format";
import { load } from "./load";
import { merge } from "./merge";
import { parse } from "./parse";
import { print } from "./print";
import { read } from "./read";
import { sort } from "./sort";
import { write } from "./write";
@end

const LIMIT = 100;

export const user = (name) => new User(name, LIMIT);
"""

SCRIPT_OBJECT = """\
const LIMIT = 100;

export const settings = {
  host: "localhost",
  @drop
  port: 8080,
  secure: false,
  timeout: 30,
  retries: 5,
  proxy: null,
  user: "root",
  shell: "/bin/sh",
  theme: "dark",
  locale: "en",
  zone: "UTC",
  @end
};
"""

SCRIPT_ARRAY = """\
const LIMIT = 100;

export const columns = [
  @drop
  { key: "name", title: "Name" },
  { key: "mail", title: "Mail" },
  { key: "role", title: "Role" },
  { key: "since", title: "Since" },
  { key: "until", title: "Until" },
  { key: "phone", title: "Phone" },
  { key: "city", title: "City" },
  { key: "street", title: "Street" },
  { key: "notes", title: "Notes" },
  { key: "owner", title: "Owner" },
  @end
];
"""

SCRIPT_SWITCH = """\
const LIMIT = 100;

export function reduce(state, action) {
  switch (action.type) {
    case "open":
      return { ...state, open: true };
    @drop
    case "close":
      return { ...state, open: false };
    case "load":
      return { ...state, busy: true, limit: LIMIT };
    case "loaded":
      return { ...state, busy: false, rows: action.rows };
    case "failed":
      return { ...state, busy: false, error: action.error };
    case "sort":
      return { ...state, order: action.order };
    @end
    default:
      return state;
  }
}
"""

SCRIPT_TRY = """\
const LIMIT = 100;

export async function sync(client, store, log) {
  try {
    await client.open();
    @drop
    const changes = await client.pull({ limit: LIMIT });
    const known = new Set(store.ids());
    const fresh = changes.filter((change) => !known.has(change.id));
    for (const change of fresh) {
      await store.apply(change);
      log.info("applied", change.id);
    }
    const stale = [...known].filter((id) => !changes.some((c) => c.id === id));
    for (const id of stale) {
      await store.remove(id);
      log.info("removed", id);
    }
    await store.commit();
    @end
  } catch (error) {
    log.error(error);
  }
}
"""

SCRIPT_CATCH = """\
const LIMIT = 100;

export async function pull(client, store, log) {
  try {
    await client.pull({ limit: LIMIT });
  } catch (error) {
    @drop
    log.error(error);
    metrics.count("pull.failed");
    await client.close();
    await store.rollback();
    if (error.status === 429) {
      await wait(error.retryAfter);
      return pull(client, store, log);
    }
    if (error.status === 401) {
      await client.login();
      return pull(client, store, log);
    }
    notify(error);
    throw error;
    @end
  }
}
"""

SCRIPT_CALLBACK = """\
const LIMIT = 100;

app.post("/users", async (request, response) => {
  const { email, password } = request.body;
  @drop
  if (!email || !password) {
    return response.status(400).json({ error: "missing" });
  }
  const known = await users.find(email);
  if (known) {
    return response.status(409).json({ error: "known" });
  }
  const hash = await bcrypt.hash(password, LIMIT);
  const user = await users.create({ email, hash });
  await mailer.welcome(user);
  audit("created", user.id);
  return response.status(201).json(user);
  @end
});
"""

SCRIPT_MARKUP = """\
const LIMIT = 100;

export function page(user) {
  return `
    <h1>${user.name}</h1>
    @drop
    <section>
      <p>${user.mail}</p>
      <p>${user.phone}</p>
      <p>${user.city}</p>
      <ul>${user.roles.map(role).join("")}</ul>
      <form action="/save">
        <input name="mail">
        <button>Save</button>
      </form>
      <footer>${user.since}</footer>
    </section>
    @end
  `;
}
"""

TYPES_INTERFACE = """\
const LIMIT = 100;

export interface Settings {
  host: string;
  @drop
  port: number;
  secure: boolean;
  timeout: number;
  retries: number;
  proxy: string | null;
  user: string;
  shell: string;
  theme: "dark" | "light";
  locale: string;
  zone: string;
  @end
}
"""

JSX_ELEMENT = """\
const LIMIT = 100;

export function Users({ users, onSort }) {
  return (
    <section>
      <h1>Users</h1>
      @drop
      <Search limit={LIMIT} />
      <table>
        <thead>
          <tr>
            <th onClick={onSort}>Name</th>
            <th>Mail</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <Row key={user.id} user={user} />
          ))}
        </tbody>
      </table>
      <Pager count={users.length} />
      @end
    </section>
  );
}
"""

JSX_HOOKS = """\
const LIMIT = 100;

export function Profile({ id }) {
  const [user, setUser] = useState(null);
  @drop
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState(null);
  useEffect(() => {
    setBusy(true);
    load(id, LIMIT)
      .then(setUser)
      .catch(setError)
      .finally(() => setBusy(false));
  }, [id]);
  const rename = async (name) => {
    await save(id, { name });
    setUser({ ...user, name });
  };
  if (busy) return <Spinner />;
  if (error) return <Failure error={error} />;
  @end
  return <Card user={user} />;
}
"""

_PYTHON = {
    "function": PYTHON_FUNCTION,
    "body": PYTHON_BODY,
    "class": PYTHON_CLASS,
    "module": PYTHON_MODULE,
    "imports": PYTHON_IMPORTS,
    "try": PYTHON_TRY,
    "if": PYTHON_IF,
    "object": PYTHON_DICT,
    "array": PYTHON_DICT,
}
_SCRIPT = {
    "function": SCRIPT_FUNCTION,
    "body": SCRIPT_BODY,
    "class": SCRIPT_CLASS,
    "module": SCRIPT_MODULE,
    "imports": SCRIPT_IMPORTS,
    "object": SCRIPT_OBJECT,
    "array": SCRIPT_ARRAY,
    "switch": SCRIPT_SWITCH,
    "try": SCRIPT_TRY,
    "catch": SCRIPT_CATCH,
    "callback": SCRIPT_CALLBACK,
    "template": SCRIPT_MARKUP,
    "interface": TYPES_INTERFACE,
}
_ELEMENTS = _SCRIPT | {"function": JSX_HOOKS, "element": JSX_ELEMENT}
PLACES: Mapping[str, Mapping[str, str]] = {
    "python": _PYTHON,
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "jsx": _ELEMENTS,
    "tsx": _ELEMENTS,
}
SUFFIX = {
    "python": ".py",
    "javascript": ".js",
    "typescript": ".ts",
    "jsx": ".jsx",
    "tsx": ".tsx",
}
# Words of a context, and the place that they mean; the first that is found counts.
_CONTEXTS = (
    ("only content", "body"),
    ("only statement", "body"),
    ("brace on same line", "body"),
    ("class", "class"),
    ("base version known", "class"),
    ("import", "imports"),
    ("dict", "object"),
    ("object", "object"),
    ("array", "array"),
    ("list", "array"),
    ("switch", "switch"),
    ("catch", "catch"),
    ("try", "try"),
    ("if body", "if"),
    ("callback", "callback"),
    ("interface", "interface"),
    ("JSX", "element"),
    ("template literal", "template"),
    ("file", "module"),
    ("module", "module"),
)
_NEW_FUNCTION = {
    "python": "\n\ndef half(value):\n    return value / 2\n",
    "other": "\nexport const half = (value) => value / 2;\n",
}


class Setting(NamedTuple):
    """One file before and after."""

    path: str
    before: str
    after: str


def place_of(context: str) -> str:
    """The place that a context of the corpus means; a function where it says none."""
    return next((place for word, place in _CONTEXTS if word in context), "function")


def dropped(remark: str, language: str, place: str) -> Setting:
    """The remark in place of the code."""
    template = PLACES[language][place]
    return _set(template, language, lambda indent, code: _lines(remark, indent))


def beside(remark: str, language: str, place: str, *, edited: bool = False) -> Setting:
    """The remark above the code, which stays; *edited* with honest changes too."""
    template = PLACES[language][place]
    setting = _set(
        template, language, lambda indent, code: [*_lines(remark, indent), *code]
    )
    if not edited:
        return setting
    after = setting.after.replace("LIMIT = 100", "LIMIT = 250")
    after += _NEW_FUNCTION.get(language, _NEW_FUNCTION["other"])
    return setting._replace(after=after)


def _lines(remark: str, indent: str) -> list[str]:
    return [indent + line for line in remark.split("\n")]


def _set(
    template: str, language: str, after: Callable[[str, list[str]], list[str]]
) -> Setting:
    head, code, tail = re.split(r"^ *@(?:drop|end)\n", template, flags=re.MULTILINE)
    indent = re.search(r"^( *)@drop", template, re.MULTILINE)
    assert indent is not None
    lines = after(indent[1], code.splitlines())
    return Setting(
        path="module" + SUFFIX[language],
        before=head + code + tail,
        after=head + "\n".join(lines) + "\n" + tail,
    )
