"""What a body amounts to, in every language that has functions."""

from __future__ import annotations

import pytest

from qualitywatch.analysis.outlines.outline import Outline
from qualitywatch.analysis.sources.source import Source
from qualitywatch.analysis.stubs.answers import Stub
from qualitywatch.analysis.stubs.bodies import body_of
from qualitywatch.languages import LANGUAGES

SHELLS = {  # a function whose body is put into the braces
    "python": "def f(a, b):\n    %s\n",
    "javascript": "function f(a, b) { %s }\n",
    "jsx": "const f = (a, b) => { %s };\n",
    "typescript": "class A { f(a: number, b: string): any { %s } }\n",
    "tsx": "export function f(a: Props) { %s }\n",
    "go": "package a\n\nfunc (s *S) f(a int, b string) (int, error) { %s }\n",
    "rust": "impl A { pub fn f(&self, a: u32) -> Result<u32, E> { %s } }\n",
    "java": "class A { public int f(int a, String b) { %s } }\n",
    "c": "static int f(int a, char *b) { %s }\n",
    "cpp": "int A::f(int a, const std::string& b) { %s }\n",
    "csharp": "class A { public int f(int a, string b) { %s } }\n",
    "ruby": "def f(a, b)\n  %s\nend\n",
    "php": "<?php\nclass A { public function f($a, int $b) { %s } }\n",
    "kotlin": "class A { fun f(a: Int, b: String): Int { %s } }\n",
    "swift": "class A { func f(a: Int, b: String) -> Int { %s } }\n",
    "scala": "class A { def f(a: Int, b: String): Int = { %s } }\n",
    "lua": "function M.f(a, b) %s end\n",
    "bash": "f() { %s\n}\n",
}

EMPTY = {
    "python": ["pass", "...", "return", '"""Says what."""'],
    "javascript": ["", ";", "return;", "/* later */"],
    "jsx": ["", "return;"],
    "typescript": ["", "return undefined;", "return Promise.resolve();"],
    "tsx": [""],
    "go": ["", "return nil", "_ = a"],
    "rust": ["", "Ok(())", "let _ = a;", "return Ok(());"],
    "java": ["", ";", "return;"],
    "c": ["", ";", "(void)a;"],
    "cpp": ["", "(void)a; (void)b;"],
    "csharp": ["", "return Task.CompletedTask;"],
    "ruby": ["", "nil", "# later"],
    "php": ["", "return;", "// later\n"],
    "kotlin": ["", "Unit", "return"],
    "swift": ["", "return", "_ = a"],
    "scala": ["", "()"],
    "lua": ["", "return", "-- later\n"],
    "bash": [":", "true", "return 0"],
}

CONSTANT = {
    "python": ["return None", "return []", "return {'ok': True}", "return dict()"],
    "javascript": [
        "return true;",
        "return { ok: true, rows: [] };",
        "return new Map();",
    ],
    "jsx": ["return <p>soon</p>;", "return null;"],
    "typescript": ["return [] as Row[];", "return Promise.resolve({ id: 1 });"],
    "tsx": ["return (<div className='a'>Chart</div>);"],
    "go": ["return 0, nil", "return []string{}, nil", "return map[string]int{}"],
    "rust": ["Ok(0)", "vec![]", "return None;", '"x".to_string()', "Vec::new()"],
    "java": ["return null;", "return new ArrayList<>();", "return List.of(1, 2);"],
    "c": ["return 0;", "return NULL;", "return -1;"],
    "cpp": ["return {};", "return nullptr;", "return std::vector<int>();"],
    "csharp": [
        "return default;",
        "return Task.FromResult(0);",
        "return new List<int>();",
    ],
    "ruby": ["[]", "return {}", ":ok", "true"],
    "php": ["return [];", "return ['a' => 1];", "return null;"],
    "kotlin": ["return emptyList()", "return -1", "return null"],
    "swift": ["return []", "[:]", "nil", "return true"],
    "scala": ["Nil", "Seq(1, 2)", "None", "0"],
    "lua": ["return {}", "return true", "return { a = 1 }"],
    "bash": ["return"],
}
CONSTANT.pop("bash")

LOG = {
    "python": ["print('a')", "logger.info('a')\n    return True", "time.sleep(1)"],
    "javascript": ["console.log('a', a);", "console.log(a); return [];"],
    "jsx": ["alert('soon');"],
    "typescript": [
        "await new Promise((r) => setTimeout(r, 500)); return { ok: true };"
    ],
    "tsx": ["toast.success('saved');"],
    "go": ['log.Printf("a %d", a)', 'fmt.Println("a"); return 0, nil'],
    "rust": ['println!("a");', 'info!("a {}", a); Ok(0)'],
    "java": ['System.out.println("a");', 'logger.info("a {}", a); return 0;'],
    "c": ['printf("a\\n"); return 0;', 'fprintf(stderr, "a");'],
    "cpp": ['std::cout << "a" << std::endl;', 'spdlog::info("a");'],
    "csharp": ['Console.WriteLine("a");', '_logger.LogInformation("a"); return 0;'],
    "ruby": ['puts "a"', 'logger.info("a")\n  true'],
    "php": ['echo "a";', "Log::info('a'); return true;"],
    "kotlin": ['println("a")', 'Log.d(TAG, "a"); return 0'],
    "swift": ['print("a")', 'NSLog("a"); return 0'],
    "scala": ['println("a")', 'logger.info("a"); 0'],
    "lua": ['print("a")', 'ngx.log(ngx.ERR, "a") return nil'],
    "bash": ['echo "a"', 'log "a"\n  return 0'],
}

NOT_IMPLEMENTED = {
    "python": ["raise NotImplementedError", "raise RuntimeError('not implemented')"],
    "javascript": ["throw new Error('Not implemented');", "res.status(501).end();"],
    "jsx": ["throw new Error('TODO');"],
    "typescript": ["return Promise.reject(new Error('not implemented'));"],
    "tsx": ["throw new NotImplementedError();"],
    "go": ['panic("not implemented")', 'return 0, errors.New("not implemented")'],
    "rust": ["todo!()", 'unimplemented!("later")', 'Err("not implemented".into())'],
    "java": ['throw new RuntimeException("TODO");',
             'throw new UnsupportedOperationException("Not supported yet.");'],
    "c": ['fprintf(stderr, "not implemented\\n"); abort();'],
    "cpp": ['throw std::runtime_error("not implemented");'],
    "csharp": ["throw new NotImplementedException();"],
    "ruby": ["raise NotImplementedError", "fail NotImplementedError, 'a'"],
    "php": ["throw new \\Exception('Not implemented');", "die('not implemented');"],
    "kotlin": ['TODO("Not yet implemented")', "throw NotImplementedError()"],
    "swift": ['fatalError("not implemented")'],
    "scala": ["???", 'throw new NotImplementedError("a")'],
    "lua": ['error("not implemented")'],
    "bash": ['echo "not implemented" >&2\n  exit 1'],
}  # fmt: skip

THROW = {
    "python": ["raise ValueError(a)"],
    "javascript": ["throw new TypeError('immutable');"],
    "go": ['panic("unreachable")'],
    "rust": ['panic!("no")'],
    "java": ['throw new UnsupportedOperationException("read-only");'],
    "cpp": ['throw std::logic_error("no");'],
    "csharp": ['throw new NotSupportedException("no");'],
    "ruby": ["raise ArgumentError"],
    "php": ["throw new LogicException('no');"],
    "kotlin": ['error("no")'],
    "swift": ['fatalError("no")'],
    "scala": ['sys.error("no")'],
    "lua": ['error("no")'],
    "bash": ["exit 2"],
}

REAL = {
    "python": ["return g(a)", "a.b = 1", "return a + b", "print(load(a))"],
    "javascript": ["return this.a;", "return a.map((x) => x.id);", "go(a);"],
    "jsx": ["return <Chart data={a} />;", "return <Chart />;"],
    "typescript": ["return this.load(a);", "return `${a}`;"],
    "tsx": ["return <div>{a.name}</div>;"],
    "go": ["return s.n, nil", "s.run(a)", "return len(b), nil"],
    "rust": ["self.n", "Ok(self.n)", 'format!("{a}")', "a + 1"],
    "java": ["return this.n;", "return repository.find(a);", "super.f(a, b);"],
    "c": ["return a + 1;", "return run(b);", "b->n = 1;"],
    "cpp": ["return n_;", "return impl_->f(a);"],
    "csharp": ["return _n;", "return await Load(a);"],
    "ruby": ["@a", "a + b", 'puts load(a)', "super"],
    "php": ["return $this->a;", "return $a + 1;", "parent::f($a);"],
    "kotlin": ["return a + 1", "return repo.find(a)", "super.f(a, b)"],
    "swift": ["return a + 1", "self.n", "super.f(a)"],
    "scala": ["a + 1", "repo.find(a)", "n"],
    "lua": ["return self.n", "return a + 1", "run(a)"],
    "bash": ['echo "$1"', 'curl "$url"', "cd /tmp"],
}  # fmt: skip


def body(language: str, text: str):
    code = SHELLS[language] % text
    source = Source.read("a", code.encode(), LANGUAGES[language])
    outline = Outline(source)
    return body_of(outline, next(u for u in outline.units if u.kind == "function"))


def rows(*tables: tuple[dict[str, list[str]], Stub | None]):
    return [
        pytest.param(language, text, stub, id=f"{language}: {text}")
        for table, stub in tables
        for language, texts in table.items()
        for text in texts
    ]


@pytest.mark.parametrize(
    ("language", "text", "stub"),
    rows(
        (EMPTY, Stub.EMPTY),
        (CONSTANT, Stub.CONSTANT),
        (LOG, Stub.LOG),
        (NOT_IMPLEMENTED, Stub.NOT_IMPLEMENTED),
        (THROW, Stub.THROW),
        (REAL, None),
    ),
)
def test_what_a_body_amounts_to(language, text, stub):
    assert body(language, text).stub is stub


@pytest.mark.parametrize("language", SHELLS)
def test_a_remark_belongs_to_the_body_it_stands_in(language):
    mark = LANGUAGES[language].line_comment
    filler = "\n    pass" if language == "python" else "\n"

    (remark,) = body(language, f"{mark} for now{filler}").comments

    assert remark.text == f"{mark} for now"


@pytest.mark.parametrize(
    ("language", "answer", "stub"),
    [
        ("python", "return a", Stub.ECHO),
        ("php", "return $a;", Stub.ECHO),
        ("rust", "a", Stub.ECHO),
        ("java", "return Level.LOW;", Stub.NAMED),
        ("go", 'return &User{Name: "x"}, nil', Stub.NAMED),
        ("csharp", 'return new User { Name = "x" };', Stub.NAMED),
        ("swift", ".none", Stub.CONSTANT),
        ("swift", "fatalError()", Stub.REFUSED),
        ("java", "throw new UnsupportedOperationException();", Stub.REFUSED),
        ("java", "return Levels.of(1);", None),
        ("javascript", "return a ? b : c;", None),
    ],
)
def test_answers_by_name(language, answer, stub):
    assert body(language, answer).stub is stub
