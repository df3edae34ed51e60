//! What each construct is lowered to.

use expect_test::{Expect, expect};
use syntax::{LowerOptions, disassemble, lower_source};

fn check_with(text: &str, version: (u8, u8), optimize: u8, expected: Expect) {
    let options = LowerOptions { version, optimize };
    let shown = match lower_source(text, &options) {
        Ok(module) => disassemble(&module),
        Err(errors) => errors.iter().map(|error| format!("{:?} {error}\n", error.range)).collect(),
    };
    expected.assert_eq(&shown);
}

fn check(text: &str, expected: Expect) {
    check_with(text, (3, 13), 0, expected);
}

mod assignments {
    use super::*;

    #[test]
    fn targets_from_left_to_right() {
        check(
            "a = b.c = d[e] = f",
            expect![[r#"
            Assignment binds a
                0 LoadName f
                1 Duplicate
                2 StoreName a
                3 Duplicate
                4 LoadName b
                5 StoreAttribute c
                6 LoadName d
                7 LoadName e
                8 StoreSubscript
                9 Constant None
               10 Return
        "#]],
        );
    }

    #[test]
    fn unpacking() {
        check(
            "a, (b, *c), [d] = e",
            expect![[r#"
            Assignment binds a, b, c, d
                0 LoadName e
                1 UnpackSequence(3)
                2 StoreName a
                3 UnpackExtended { before: 1, after: 0 }
                4 StoreName b
                5 StoreName c
                6 UnpackSequence(1)
                7 StoreName d
                8 Constant None
                9 Return
        "#]],
        );
    }

    #[test]
    fn augmented() {
        check(
            "a += 1\nb.c -= 1\nd[e] @= 1",
            expect![[r#"
            Assignment binds a
                0 LoadName a
                1 Constant Int(1)
                2 InPlace(Add)
                3 StoreName a
                4 Constant None
                5 Return
            Assignment
                0 LoadName b
                1 Duplicate
                2 LoadAttribute c
                3 Constant Int(1)
                4 InPlace(Subtract)
                5 Swap
                6 StoreAttribute c
                7 Constant None
                8 Return
            Assignment
                0 LoadName d
                1 LoadName e
                2 DuplicateTwo
                3 LoadSubscript
                4 Constant Int(1)
                5 InPlace(MatrixMultiply)
                6 RotateThree
                7 StoreSubscript
                8 Constant None
                9 Return
        "#]],
        );
    }

    #[test]
    fn annotated() {
        check(
            "a: int = 1\nb: str\nc.d: e\n(f): g = 2",
            expect![[r#"
            Assignment binds a
                0 Constant Int(1)
                1 StoreName a
                2 LoadName int
                3 StoreAnnotation a
                4 Constant None
                5 Return
            Assignment
                0 LoadName str
                1 StoreAnnotation b
                2 Constant None
                3 Return
            Assignment
                0 LoadName c
                1 Pop
                2 LoadName e
                3 Pop
                4 Constant None
                5 Return
            Assignment binds f
                0 Constant Int(2)
                1 StoreName f
                2 LoadName g
                3 Pop
                4 Constant None
                5 Return
        "#]],
        );
    }

    #[test]
    fn annotations_as_strings() {
        check(
            "from __future__ import annotations\na: list[ 'int' ] = []\nb.c: d",
            expect![[r#"
            Future binds annotations
                0 ImportName { level: 0, module: "__future__", names: ["annotations"] }
                1 ImportFrom annotations
                2 StoreName annotations
                3 Pop
                4 Constant None
                5 Return
            Assignment binds a
                0 BuildList(0)
                1 StoreName a
                2 Constant Str("list['int']")
                3 StoreAnnotation a
                4 Constant None
                5 Return
            Assignment
                0 LoadName b
                1 Pop
                2 Constant None
                3 Return
        "#]],
        );
    }

    #[test]
    fn deleting() {
        check(
            "del a, b.c, (d[e], f)",
            expect![[r#"
            Other binds a, f
                0 DeleteName a
                1 LoadName b
                2 DeleteAttribute c
                3 LoadName d
                4 LoadName e
                5 DeleteSubscript
                6 DeleteName f
                7 Constant None
                8 Return
        "#]],
        );
    }
}

mod expressions {
    use super::*;

    #[test]
    fn chained_comparison() {
        check(
            "a < b < c",
            expect![[r#"
            Expression
                0 LoadName a
                1 LoadName b
                2 Duplicate
                3 RotateThree
                4 Compare(Less)
                5 JumpIfFalseOrPop L9
                6 LoadName c
                7 Compare(Less)
                8 Jump L11
             >  9 Swap
               10 Pop
             > 11 Pop
               12 Constant None
               13 Return
        "#]],
        );
    }

    #[test]
    fn truth_is_tested_once_on_3_11_and_twice_later() {
        check_with(
            "x = a and b or c",
            (3, 11),
            0,
            expect![[r#"
            Assignment binds x
                0 LoadName a
                1 JumpIfFalse L4
                2 LoadName b
                3 JumpIfTrueOrPop L5
             >  4 LoadName c
             >  5 StoreName x
                6 Constant None
                7 Return
        "#]],
        );
        check_with(
            "x = a and b or c",
            (3, 12),
            0,
            expect![[r#"
            Assignment binds x
                0 LoadName a
                1 JumpIfFalseOrPop L3
                2 LoadName b
             >  3 JumpIfTrueOrPop L5
                4 LoadName c
             >  5 StoreName x
                6 Constant None
                7 Return
        "#]],
        );
    }

    #[test]
    fn conditions_test_each_operand_once() {
        check(
            "x = 1 if not (a or b) and c else 2",
            expect![[r#"
            Assignment binds x
                0 LoadName a
                1 JumpIfTrue L8
                2 LoadName b
                3 JumpIfTrue L8
                4 LoadName c
                5 JumpIfFalse L8
                6 Constant Int(1)
                7 Jump L9
             >  8 Constant Int(2)
             >  9 StoreName x
               10 Constant None
               11 Return
        "#]],
        );
    }

    #[test]
    fn displays() {
        check(
            "[a, *b, c]\n(*a, b)\n{a, *b}\n{'k': a, **b, c: d}",
            expect![[r#"
            Expression
                0 LoadName a
                1 BuildList(1)
                2 LoadName b
                3 ListExtend
                4 LoadName c
                5 ListAppend(1)
                6 Pop
                7 Constant None
                8 Return
            Expression
                0 BuildList(0)
                1 LoadName a
                2 ListExtend
                3 LoadName b
                4 ListAppend(1)
                5 ListToTuple
                6 Pop
                7 Constant None
                8 Return
            Expression
                0 LoadName a
                1 BuildSet(1)
                2 LoadName b
                3 SetUpdate
                4 Pop
                5 Constant None
                6 Return
            Expression
                0 Constant Str("k")
                1 LoadName a
                2 BuildMap(1)
                3 LoadName b
                4 DictUpdate
                5 LoadName c
                6 LoadName d
                7 BuildMap(1)
                8 DictUpdate
                9 Pop
               10 Constant None
               11 Return
        "#]],
        );
    }

    #[test]
    fn calls() {
        check(
            "f(a, b, k=c)\nf(*a)\nf(*a, **b)\nf(a, *b, k=c, **d)",
            expect![[r#"
            Expression
                0 LoadName f
                1 LoadName a
                2 LoadName b
                3 LoadName c
                4 Call 2 k
                5 Pop
                6 Constant None
                7 Return
            Expression
                0 LoadName f
                1 LoadName a
                2 CallVariadic { keywords: false }
                3 Pop
                4 Constant None
                5 Return
            Expression
                0 LoadName f
                1 LoadName a
                2 BuildMap(0)
                3 LoadName b
                4 DictMerge
                5 CallVariadic { keywords: true }
                6 Pop
                7 Constant None
                8 Return
            Expression
                0 LoadName f
                1 LoadName a
                2 BuildList(1)
                3 LoadName b
                4 ListExtend
                5 ListToTuple
                6 Constant Str("k")
                7 LoadName c
                8 BuildMap(1)
                9 LoadName d
               10 DictMerge
               11 CallVariadic { keywords: true }
               12 Pop
               13 Constant None
               14 Return
        "#]],
        );
    }

    #[test]
    fn formatted_strings() {
        check(
            "f'a{b}c{d!r:>{e}}' 'g'\nf'{h = }'\nf'{i}'\nf''",
            expect![[r#"
            Expression
                0 Constant Str("a")
                1 LoadName b
                2 FormatValue { conversion: None, spec: false }
                3 Constant Str("c")
                4 LoadName d
                5 Constant Str(">")
                6 LoadName e
                7 FormatValue { conversion: None, spec: false }
                8 BuildString(2)
                9 FormatValue { conversion: Repr, spec: true }
               10 Constant Str("g")
               11 BuildString(5)
               12 Pop
               13 Constant None
               14 Return
            Expression
                0 Constant Str("h = ")
                1 LoadName h
                2 FormatValue { conversion: Repr, spec: false }
                3 BuildString(2)
                4 Pop
                5 Constant None
                6 Return
            Expression
                0 LoadName i
                1 FormatValue { conversion: None, spec: false }
                2 Pop
                3 Constant None
                4 Return
            Expression
                0 Constant Str("")
                1 Pop
                2 Constant None
                3 Return
        "#]],
        );
    }

    #[test]
    fn slices() {
        check(
            "a[b:c], a[::d], a[b, c:]",
            expect![[r#"
            Expression
                0 LoadName a
                1 LoadName b
                2 LoadName c
                3 BuildSlice { step: false }
                4 LoadSubscript
                5 LoadName a
                6 Constant None
                7 Constant None
                8 LoadName d
                9 BuildSlice { step: true }
               10 LoadSubscript
               11 LoadName a
               12 LoadName b
               13 LoadName c
               14 Constant None
               15 BuildSlice { step: false }
               16 BuildTuple(2)
               17 LoadSubscript
               18 BuildTuple(3)
               19 Pop
               20 Constant None
               21 Return
        "#]],
        );
    }

    #[test]
    fn literals() {
        check(
            "x = 0x7fffffffffffffff, 2**1, 9223372036854775808, 1.5, 2j, b'a', 'b' 'c', ..., '\\ud800'",
            expect![[r#"
            Assignment binds x
                0 Constant Int(9223372036854775807)
                1 Constant Int(2)
                2 Constant Int(1)
                3 Binary(Power)
                4 Constant BigInt(9223372036854775808)
                5 Constant Float(1.5)
                6 Constant Imaginary(2.0)
                7 Constant Bytes([97])
                8 Constant Str("bc")
                9 Constant Ellipsis
               10 Constant SurrogateStr
               11 BuildTuple(9)
               12 StoreName x
               13 Constant None
               14 Return
        "#]],
        );
    }

    #[test]
    fn debug_is_a_constant() {
        check_with(
            "x = __debug__\nassert a, b",
            (3, 13),
            1,
            expect![[r#"
            Assignment binds x
                0 Constant False
                1 StoreName x
                2 Constant None
                3 Return
            Other
                0 Constant None
                1 Return
        "#]],
        );
    }
}

mod comprehensions {
    use super::*;

    #[test]
    fn nested_loops() {
        check(
            "x = {a: b for a in c if d for b in a}",
            expect![[r#"
            Assignment binds x
                0 MakeFunction 0 <dictcomp>
                1 LoadName c
                2 GetIterator
                3 Call 1
                4 StoreName x
                5 Constant None
                6 Return
            code 0 Comprehension <dictcomp> parameters 0/1/0 locals .0, a, b
                0 BuildMap(0)
                1 LoadLocal .0
             >  2 ForIterator L15
                3 StoreLocal a
                4 LoadGlobal d
                5 JumpIfFalse L2
                6 LoadLocal a
                7 GetIterator
             >  8 ForIterator L14
                9 StoreLocal b
               10 LoadLocal a
               11 LoadLocal b
               12 MapAdd(3)
               13 Jump L8
             > 14 Jump L2
             > 15 Return
        "#]],
        );
    }

    #[test]
    fn generator_expression() {
        check(
            "f(a for a in b)",
            expect![[r#"
            Expression
                0 LoadName f
                1 MakeFunction 0 <genexpr>
                2 LoadName b
                3 GetIterator
                4 Call 1
                5 Call 1
                6 Pop
                7 Constant None
                8 Return
            code 0 GeneratorExpression <genexpr> generator parameters 0/1/0 locals .0, a
                0 LoadLocal .0
             >  1 ForIterator L7
                2 StoreLocal a
                3 LoadLocal a
                4 Yield
                5 Pop
                6 Jump L1
             >  7 Constant None
                8 Return
        "#]],
        );
    }

    #[test]
    fn assignment_expressions_bind_outside() {
        check(
            "[(y := a) for a in b]",
            expect![[r#"
            Expression binds y
                0 MakeFunction 0 <listcomp>
                1 LoadName b
                2 GetIterator
                3 Call 1
                4 Pop
                5 Constant None
                6 Return
            code 0 Comprehension <listcomp> parameters 0/1/0 locals .0, a
                0 BuildList(0)
                1 LoadLocal .0
             >  2 ForIterator L9
                3 StoreLocal a
                4 LoadLocal a
                5 Duplicate
                6 StoreGlobal y
                7 ListAppend(2)
                8 Jump L2
             >  9 Return
        "#]],
        );
    }

    #[test]
    fn class_names_are_not_seen() {
        check(
            "class C:\n    a = 1\n    b = [a for _ in a]",
            expect![[r#"
            Class binds C
                0 LoadBuildClass
                1 MakeFunction 1 C
                2 Constant Str("C")
                3 Call 2
                4 StoreName C
                5 Constant None
                6 Return
            code 0 Comprehension C.<listcomp> parameters 0/1/0 locals .0, _
                0 BuildList(0)
                1 LoadLocal .0
             >  2 ForIterator L7
                3 StoreLocal _
                4 LoadGlobal a
                5 ListAppend(2)
                6 Jump L2
             >  7 Return
            code 1 Class C
                0 ClassPrologue
                1 Constant Int(1)
                2 StoreName a
                3 MakeFunction 0 C.<listcomp>
                4 LoadName a
                5 GetIterator
                6 Call 1
                7 StoreName b
                8 Constant None
                9 Return
        "#]],
        );
    }
}

mod control {
    use super::*;

    #[test]
    fn if_elif_else() {
        check(
            "if a:\n    b\nelif c:\n    d\nelse:\n    e",
            expect![[r#"
            Compound
                0 LoadName a
                1 JumpIfFalse L5
                2 LoadName b
                3 Pop
                4 Jump L12
             >  5 LoadName c
                6 JumpIfFalse L10
                7 LoadName d
                8 Pop
                9 Jump L12
             > 10 LoadName e
               11 Pop
             > 12 Constant None
               13 Return
        "#]],
        );
    }

    #[test]
    fn while_true_has_no_test() {
        check(
            "while True:\n    if a: break\n    continue",
            expect![[r#"
            Compound
             >  0 LoadName a
                1 JumpIfFalse L3
                2 Jump L5
             >  3 Jump L0
                4 Jump L0
             >  5 Constant None
                6 Return
        "#]],
        );
    }

    #[test]
    fn for_else() {
        check(
            "for a in b:\n    if a: break\nelse:\n    c",
            expect![[r#"
            Compound binds a
                0 LoadName b
                1 GetIterator
             >  2 ForIterator L9
                3 StoreName a
                4 LoadName a
                5 JumpIfFalse L8
                6 Pop
                7 Jump L11
             >  8 Jump L2
             >  9 LoadName c
               10 Pop
             > 11 Constant None
               12 Return
        "#]],
        );
    }

    #[test]
    fn assertion() {
        check(
            "assert a, b",
            expect![[r#"
            Other
                0 LoadName a
                1 JumpIfTrue L6
                2 LoadAssertionError
                3 LoadName b
                4 Call 1
                5 Raise(1)
             >  6 Constant None
                7 Return
        "#]],
        );
    }

    #[test]
    fn try_except_else_finally() {
        check(
            "try:\n    a\nexcept B as b:\n    c\nexcept:\n    d\nelse:\n    e\nfinally:\n    f",
            expect![[r#"
            Compound binds b
                0 PushHandler L36
                1 PushHandler L8
                2 LoadName a
                3 Pop
                4 PopHandler
                5 LoadName e
                6 Pop
                7 Jump L32
             >  8 EnterExcept
                9 LoadName B
               10 ExceptionMatches
               11 JumpIfFalse L26
               12 StoreName b
               13 PushHandler L22
               14 LoadName c
               15 Pop
               16 PopHandler
               17 LeaveExcept
               18 Constant None
               19 StoreName b
               20 DeleteName b
               21 Jump L32
             > 22 Constant None
               23 StoreName b
               24 DeleteName b
               25 Reraise
             > 26 Pop
               27 LoadName d
               28 Pop
               29 LeaveExcept
               30 Jump L32
               31 Reraise
             > 32 PopHandler
               33 LoadName f
               34 Pop
               35 Jump L40
             > 36 EnterExcept
               37 LoadName f
               38 Pop
               39 Reraise
             > 40 Constant None
               41 Return
        "#]],
        );
    }

    #[test]
    fn leaving_a_finally() {
        check(
            "def f():\n    for a in b:\n        try:\n            return c\n        finally:\n            break",
            expect![[r#"
            Function binds f
                0 MakeFunction 0 f
                1 StoreName f
                2 Constant None
                3 Return
            code 0 Function f locals a
                0 LoadGlobal b
                1 GetIterator
             >  2 ForIterator L24
                3 StoreLocal a
                4 PushHandler L17
                5 LoadGlobal c
                6 PopHandler
                7 Pop
                8 Pop
                9 Jump L24
               10 Swap
               11 Pop
               12 Return
               13 PopHandler
               14 Pop
               15 Jump L24
               16 Jump L23
             > 17 EnterExcept
               18 Pop
               19 LeaveExcept
               20 Pop
               21 Jump L24
               22 Reraise
             > 23 Jump L2
             > 24 Constant None
               25 Return
        "#]],
        );
    }

    #[test]
    fn exception_groups() {
        check(
            "try:\n    a\nexcept* B as b:\n    c",
            expect![[r#"
            Compound binds b
                0 PushHandler L5
                1 LoadName a
                2 Pop
                3 PopHandler
                4 Jump L29
             >  5 EnterExcept
                6 LoadName B
                7 ExceptionGroupMatches
                8 Duplicate
                9 JumpIfNone L23
               10 StoreName b
               11 PushHandler L19
               12 LoadName c
               13 Pop
               14 PopHandler
               15 Constant None
               16 StoreName b
               17 DeleteName b
               18 Jump L24
             > 19 Constant None
               20 StoreName b
               21 DeleteName b
               22 Reraise
             > 23 Pop
             > 24 Duplicate
               25 JumpIfNone L27
               26 Reraise
             > 27 Pop
               28 LeaveExcept
             > 29 Constant None
               30 Return
        "#]],
        );
    }

    #[test]
    fn with_two_items() {
        check(
            "with a as b, c:\n    d",
            expect![[r#"
            Compound binds b
                0 LoadName a
                1 EnterWith
                2 PushWithHandler L25
                3 StoreName b
                4 LoadName c
                5 EnterWith
                6 PushWithHandler L14
                7 Pop
                8 LoadName d
                9 Pop
               10 PopHandler
               11 ExitWith
               12 Pop
               13 Jump L21
             > 14 EnterExcept
               15 ExitWithException
               16 JumpIfTrue L18
               17 Reraise
             > 18 LeaveExcept
               19 Pop
               20 Pop
             > 21 PopHandler
               22 ExitWith
               23 Pop
               24 Jump L32
             > 25 EnterExcept
               26 ExitWithException
               27 JumpIfTrue L29
               28 Reraise
             > 29 LeaveExcept
               30 Pop
               31 Pop
             > 32 Constant None
               33 Return
        "#]],
        );
    }

    #[test]
    fn returning_from_with() {
        check(
            "def f():\n    with a:\n        return b",
            expect![[r#"
            Function binds f
                0 MakeFunction 0 f
                1 StoreName f
                2 Constant None
                3 Return
            code 0 Function f
                0 LoadGlobal a
                1 EnterWith
                2 PushWithHandler L14
                3 Pop
                4 LoadGlobal b
                5 PopHandler
                6 Swap
                7 ExitWith
                8 Pop
                9 Return
               10 PopHandler
               11 ExitWith
               12 Pop
               13 Jump L21
             > 14 EnterExcept
               15 ExitWithException
               16 JumpIfTrue L18
               17 Reraise
             > 18 LeaveExcept
               19 Pop
               20 Pop
             > 21 Constant None
               22 Return
        "#]],
        );
    }

    #[test]
    fn asynchronous() {
        check(
            "async def f():\n    async with a as b:\n        async for c in b:\n            await c\n    return [d async for d in e]",
            expect![[r#"
            Function binds f
                0 MakeFunction 1 f
                1 StoreName f
                2 Constant None
                3 Return
            code 0 Comprehension f.<locals>.<listcomp> coroutine parameters 0/1/0 locals .0, d
                0 BuildList(0)
                1 LoadLocal .0
             >  2 PushHandler L9
                3 AsyncOperation(NextItem)
                4 PopHandler
                5 StoreLocal d
                6 LoadLocal d
                7 ListAppend(2)
                8 Jump L2
             >  9 AsyncOperation(EndIteration)
               10 Return
            code 1 Function f coroutine locals b, c
                0 LoadGlobal a
                1 AsyncOperation(EnterWith)
                2 PushWithHandler L19
                3 StoreLocal b
                4 LoadLocal b
                5 AsyncOperation(GetIterator)
             >  6 PushHandler L14
                7 AsyncOperation(NextItem)
                8 PopHandler
                9 StoreLocal c
               10 LoadLocal c
               11 Await
               12 Pop
               13 Jump L6
             > 14 AsyncOperation(EndIteration)
               15 PopHandler
               16 AsyncOperation(ExitWith)
               17 Pop
               18 Jump L26
             > 19 EnterExcept
               20 AsyncOperation(ExitWithException)
               21 JumpIfTrue L23
               22 Reraise
             > 23 LeaveExcept
               24 Pop
               25 Pop
             > 26 MakeFunction 0 f.<locals>.<listcomp>
               27 LoadGlobal e
               28 AsyncOperation(GetIterator)
               29 Call 1
               30 Await
               31 Return
               32 Constant None
               33 Return
        "#]],
        );
    }
}

mod definitions {
    use super::*;

    #[test]
    fn order_of_evaluation() {
        check(
            "@a\n@b\ndef f(c, d: e = g, /, h: i = j, *k: l, m=n, o, **p: q) -> r:\n    'doc'",
            expect![[r#"
            Function binds f
                0 LoadName a
                1 LoadName b
                2 LoadName g
                3 LoadName j
                4 BuildTuple(2)
                5 Constant Str("m")
                6 LoadName n
                7 BuildMap(1)
                8 Constant Str("h")
                9 LoadName i
               10 Constant Str("d")
               11 LoadName e
               12 Constant Str("k")
               13 LoadName l
               14 Constant Str("p")
               15 LoadName q
               16 Constant Str("return")
               17 LoadName r
               18 BuildMap(5)
               19 MakeFunction 0 f defaults keyword_defaults annotations
               20 Call 1
               21 Call 1
               22 StoreName f
               23 Constant None
               24 Return
            code 0 Function f parameters 2/1/2 * ** locals c, d, h, m, o, k, p doc Str("doc")
                0 Constant None
                1 Return
        "#]],
        );
    }

    #[test]
    fn closures() {
        check(
            "def f(a):\n    b = a\n    def g():\n        nonlocal b\n        b = a\n        global c\n        c = b\n    return lambda: b",
            expect![[r#"
            Function binds f
                0 MakeFunction 2 f
                1 StoreName f
                2 Constant None
                3 Return
            code 0 Function f.<locals>.g free a, b
                0 LoadCell a
                1 StoreCell b
                2 LoadCell b
                3 StoreGlobal c
                4 Constant None
                5 Return
            code 1 Lambda f.<locals>.<lambda> free b
                0 LoadCell b
                1 Return
            code 2 Function f parameters 0/1/0 locals a, g cells a, b
                0 LoadCell a
                1 StoreCell b
                2 LoadClosure a
                3 LoadClosure b
                4 BuildTuple(2)
                5 MakeFunction 0 f.<locals>.g closure
                6 StoreLocal g
                7 LoadClosure b
                8 BuildTuple(1)
                9 MakeFunction 1 f.<locals>.<lambda> closure
               10 Return
               11 Constant None
               12 Return
        "#]],
        );
    }

    #[test]
    fn class_body() {
        check(
            "@d\nclass C(B, metaclass=M):\n    'doc'\n    __x: int = 1\n    def m(self):\n        return super().m(self.__x)",
            expect![[r#"
            Class binds C
                0 LoadName d
                1 LoadBuildClass
                2 MakeFunction 1 C
                3 Constant Str("C")
                4 LoadName B
                5 LoadName M
                6 Call 3 metaclass
                7 Call 1
                8 StoreName C
                9 Constant None
               10 Return
            code 0 Function C.m parameters 0/1/0 locals self free __class__
                0 LoadGlobal super
                1 Call 0
                2 LoadAttribute m
                3 LoadLocal self
                4 LoadAttribute _C__x
                5 Call 1
                6 Return
                7 Constant None
                8 Return
            code 1 Class C cells __class__ doc Str("doc")
                0 ClassPrologue
                1 SetupAnnotations
                2 Constant Str("doc")
                3 StoreName __doc__
                4 Constant Int(1)
                5 StoreName _C__x
                6 LoadName int
                7 StoreAnnotation _C__x
                8 LoadClosure __class__
                9 BuildTuple(1)
               10 MakeFunction 0 C.m closure
               11 StoreName m
               12 LoadClosure __class__
               13 Duplicate
               14 StoreName __classcell__
               15 Return
        "#]],
        );
    }

    #[test]
    fn starred_bases() {
        check(
            "class C(*a, b=1): pass",
            expect![[r#"
            Class binds C
                0 LoadBuildClass
                1 MakeFunction 0 C
                2 Constant Str("C")
                3 BuildList(2)
                4 LoadName a
                5 ListExtend
                6 ListToTuple
                7 Constant Str("b")
                8 Constant Int(1)
                9 BuildMap(1)
               10 CallVariadic { keywords: true }
               11 StoreName C
               12 Constant None
               13 Return
            code 0 Class C
                0 ClassPrologue
                1 Constant None
                2 Return
        "#]],
        );
    }

    #[test]
    fn class_in_a_function() {
        check(
            "def f(x):\n    class C:\n        y = x\n        def g(self): return x, y\n    return C",
            expect![[r#"
            Function binds f
                0 MakeFunction 2 f
                1 StoreName f
                2 Constant None
                3 Return
            code 0 Function f.<locals>.C.g parameters 0/1/0 locals self free x
                0 LoadCell x
                1 LoadGlobal y
                2 BuildTuple(2)
                3 Return
                4 Constant None
                5 Return
            code 1 Class f.<locals>.C free x
                0 ClassPrologue
                1 LoadClassCell x
                2 StoreName y
                3 LoadClosure x
                4 BuildTuple(1)
                5 MakeFunction 0 f.<locals>.C.g closure
                6 StoreName g
                7 Constant None
                8 Return
            code 2 Function f parameters 0/1/0 locals x, C cells x
                0 LoadBuildClass
                1 LoadClosure x
                2 BuildTuple(1)
                3 MakeFunction 1 f.<locals>.C closure
                4 Constant Str("C")
                5 Call 2
                6 StoreLocal C
                7 LoadLocal C
                8 Return
                9 Constant None
               10 Return
        "#]],
        );
    }

    #[test]
    fn docstrings_are_cleaned_from_3_13() {
        check_with(
            "'''a\n    b'''",
            (3, 12),
            0,
            expect![[r#"
            Docstring binds __doc__
                0 Constant Str("a\n    b")
                1 StoreName __doc__
                2 Constant None
                3 Return
        "#]],
        );
        check_with(
            "'''a\n    b'''",
            (3, 13),
            0,
            expect![[r#"
            Docstring binds __doc__
                0 Constant Str("a\nb")
                1 StoreName __doc__
                2 Constant None
                3 Return
        "#]],
        );
        check_with(
            "'''a\n    b'''",
            (3, 13),
            2,
            expect![[r#"
            Docstring
                0 Constant None
                1 Return
        "#]],
        );
    }

    #[test]
    fn generic_function_and_alias() {
        check(
            "def f[T: int, *U](a: T = b) -> T: pass\ntype A[**P] = P",
            expect![[r#"
            Function binds f
                0 LoadName b
                1 BuildTuple(1)
                2 MakeFunction 2 <generic parameters of f>
                3 Swap
                4 Call 1
                5 StoreName f
                6 Constant None
                7 Return
            Assignment binds A
                0 MakeFunction 5 <generic parameters of A>
                1 Call 0
                2 StoreName A
                3 Constant None
                4 Return
            code 0 TypeParameters T
                0 LoadGlobal int
                1 Return
            code 1 Function f parameters 0/1/0 locals a
                0 Constant None
                1 Return
            code 2 TypeParameters <generic parameters of f> parameters 0/1/0 locals .defaults, T, U
                0 MakeFunction 0 T
                1 TypeParameter { name: "T", kind: TypeVar, bound: Bound, default: false }
                2 Duplicate
                3 StoreLocal T
                4 TypeParameter { name: "U", kind: TypeVarTuple, bound: None, default: false }
                5 Duplicate
                6 StoreLocal U
                7 BuildTuple(2)
                8 LoadLocal .defaults
                9 Constant Str("a")
               10 LoadLocal T
               11 Constant Str("return")
               12 LoadLocal T
               13 BuildMap(2)
               14 MakeFunction 1 f defaults annotations
               15 Swap
               16 SetTypeParameters
               17 Return
            code 4 TypeParameters A free P
                0 LoadCell P
                1 Return
            code 5 TypeParameters <generic parameters of A> cells P
                0 Constant Str("A")
                1 TypeParameter { name: "P", kind: ParamSpec, bound: None, default: false }
                2 Duplicate
                3 StoreCell P
                4 BuildTuple(1)
                5 LoadClosure P
                6 BuildTuple(1)
                7 MakeFunction 4 A closure
                8 TypeAlias
                9 Return
        "#]],
        );
    }

    #[test]
    fn generic_class_with_method_that_sees_the_class() {
        check(
            "class C[T](B):\n    X = int\n    def m[U: X](self): pass",
            expect![[r#"
            Class binds C
                0 MakeFunction 4 <generic parameters of C>
                1 Call 0
                2 StoreName C
                3 Constant None
                4 Return
            code 0 TypeParameters C.U free __classdict__
                0 LoadCell __classdict__
                1 LoadFromDictOrGlobals X
                2 Return
            code 1 Function C.m parameters 0/1/0 locals self
                0 Constant None
                1 Return
            code 2 TypeParameters C.<generic parameters of m> locals U free __classdict__
                0 LoadClosure __classdict__
                1 BuildTuple(1)
                2 MakeFunction 0 C.U closure
                3 TypeParameter { name: "U", kind: TypeVar, bound: Bound, default: false }
                4 Duplicate
                5 StoreLocal U
                6 BuildTuple(1)
                7 MakeFunction 1 C.m
                8 Swap
                9 SetTypeParameters
               10 Return
            code 3 Class C cells __classdict__ free .type_params
                0 ClassPrologue
                1 LoadClassCell .type_params
                2 StoreName __type_params__
                3 LoadNamespace
                4 StoreCell __classdict__
                5 LoadName int
                6 StoreName X
                7 LoadClosure __classdict__
                8 BuildTuple(1)
                9 MakeFunction 2 C.<generic parameters of m> closure
               10 Call 0
               11 StoreName m
               12 LoadClosure __classdict__
               13 StoreName __classdictcell__
               14 Constant None
               15 Return
            code 4 TypeParameters <generic parameters of C> locals T, .generic_base cells .type_params
                0 TypeParameter { name: "T", kind: TypeVar, bound: None, default: false }
                1 Duplicate
                2 StoreLocal T
                3 BuildTuple(1)
                4 StoreCell .type_params
                5 LoadBuildClass
                6 LoadClosure .type_params
                7 BuildTuple(1)
                8 MakeFunction 3 C closure
                9 Constant Str("C")
               10 LoadCell .type_params
               11 SubscriptGeneric
               12 StoreLocal .generic_base
               13 LoadGlobal B
               14 LoadLocal .generic_base
               15 Call 4
               16 Return
        "#]],
        );
    }
}

mod imports {
    use super::*;

    #[test]
    fn every_form() {
        check(
            "import a.b\nimport a.b.c as d\nfrom ..e import f as g, h\nfrom i import *",
            expect![[r#"
                Import binds a
                    0 ImportName { level: 0, module: "a.b", names: [] }
                    1 StoreName a
                    2 Constant None
                    3 Return
                Import binds d
                    0 ImportName { level: 0, module: "a.b.c", names: [] }
                    1 ImportFrom b
                    2 Swap
                    3 Pop
                    4 ImportFrom c
                    5 Swap
                    6 Pop
                    7 StoreName d
                    8 Constant None
                    9 Return
                Import binds g, h
                    0 ImportName { level: 2, module: "e", names: ["f", "h"] }
                    1 ImportFrom f
                    2 StoreName g
                    3 ImportFrom h
                    4 StoreName h
                    5 Pop
                    6 Constant None
                    7 Return
                Import
                    0 ImportName { level: 0, module: "i", names: ["*"] }
                    1 ImportStar
                    2 Constant None
                    3 Return
            "#]],
        );
        check(
            "from __future__ import annotations as j\nfrom . import k",
            expect![[r#"
            Future binds j
                0 ImportName { level: 0, module: "__future__", names: ["annotations"] }
                1 ImportFrom annotations
                2 StoreName j
                3 Pop
                4 Constant None
                5 Return
            Import binds k
                0 ImportName { level: 1, module: "", names: ["k"] }
                1 ImportFrom k
                2 StoreName k
                3 Pop
                4 Constant None
                5 Return
        "#]],
        );
    }

    #[test]
    fn private_names_in_a_class() {
        check(
            "class C:\n    import __a\n    from __b import __c",
            expect![[r#"
            Class binds C
                0 LoadBuildClass
                1 MakeFunction 0 C
                2 Constant Str("C")
                3 Call 2
                4 StoreName C
                5 Constant None
                6 Return
            code 0 Class C
                0 ClassPrologue
                1 ImportName { level: 0, module: "_C__a", names: [] }
                2 StoreName _C__a
                3 ImportName { level: 0, module: "_C__b", names: ["__c"] }
                4 ImportFrom _C__c
                5 StoreName _C__c
                6 Pop
                7 Constant None
                8 Return
        "#]],
        );
    }

    #[test]
    fn sites() {
        let text = "import a, b.c\nif TYPE_CHECKING:\n    import d\nelse:\n    from . import e\nif not typing.TYPE_CHECKING:\n    import f\nelse:\n    import g\nclass C:\n    import h\ndef i():\n    import j\ntry:\n    from k import *\nexcept ImportError:\n    import l\n";
        let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
        let sites = module.map(|module| {
            let describe = |site: &syntax::ir::ImportSite| {
                format!("{}{} {:?} {}\n", ".".repeat(site.level as usize), site.module, site.names, site.type_checking)
            };
            module.imports.iter().map(describe).collect::<String>()
        });
        expect![[r#"
            a [] false
            b.c [] false
            d [] true
            . ["e"] false
            f [] false
            g [] true
            h [] false
            k ["*"] false
            l [] false
        "#]]
        .assert_eq(&sites.unwrap_or_default());
    }
}

mod patterns {
    use super::*;

    #[test]
    fn values_and_captures() {
        check(
            "match a:\n    case 1 | None: b\n    case [c, *_, -1]: d\n    case e if f: g\n    case _: h",
            expect![[r#"
            Compound binds c, e
                0 LoadName a
                1 StoreLocal .match0
                2 LoadLocal .match0
                3 Constant Int(1)
                4 Compare(Equal)
                5 JumpIfFalse L7
                6 Jump L13
             >  7 LoadLocal .match0
                8 Constant None
                9 Compare(Is)
               10 JumpIfFalse L12
               11 Jump L13
             > 12 Jump L16
             > 13 LoadName b
               14 Pop
               15 Jump L61
             > 16 LoadLocal .match0
               17 MatchSequence
               18 Swap
               19 Pop
               20 JumpIfFalse L51
               21 LoadLocal .match0
               22 MatchLength
               23 Swap
               24 Pop
               25 Constant Int(2)
               26 Compare(GreaterEqual)
               27 JumpIfFalse L51
               28 LoadLocal .match0
               29 Constant Int(0)
               30 LoadSubscript
               31 StoreLocal .match1
               32 LoadLocal .match0
               33 LoadLocal .match0
               34 MatchLength
               35 Swap
               36 Pop
               37 Constant Int(1)
               38 Binary(Subtract)
               39 LoadSubscript
               40 StoreLocal .match2
               41 LoadLocal .match2
               42 Constant Int(1)
               43 Unary(Negative)
               44 Compare(Equal)
               45 JumpIfFalse L51
               46 LoadLocal .match1
               47 StoreName c
               48 LoadName d
               49 Pop
               50 Jump L61
             > 51 LoadLocal .match0
               52 StoreName e
               53 LoadName f
               54 JumpIfFalse L58
               55 LoadName g
               56 Pop
               57 Jump L61
             > 58 LoadName h
               59 Pop
               60 Jump L61
             > 61 Constant None
               62 Return
        "#]],
        );
    }

    #[test]
    fn sequence_with_rest() {
        check(
            "match a:\n    case (b, *c): d",
            expect![[r#"
            Compound binds b, c
                0 LoadName a
                1 StoreLocal .match0
                2 LoadLocal .match0
                3 MatchSequence
                4 Swap
                5 Pop
                6 JumpIfFalse L25
                7 LoadLocal .match0
                8 MatchLength
                9 Swap
               10 Pop
               11 Constant Int(1)
               12 Compare(GreaterEqual)
               13 JumpIfFalse L25
               14 LoadLocal .match0
               15 UnpackExtended { before: 1, after: 0 }
               16 StoreLocal .match1
               17 StoreLocal .match2
               18 LoadLocal .match1
               19 StoreName b
               20 LoadLocal .match2
               21 StoreName c
               22 LoadName d
               23 Pop
               24 Jump L25
             > 25 Constant None
               26 Return
        "#]],
        );
    }

    #[test]
    fn mappings() {
        check(
            "match a:\n    case {'k': b, **rest}: c",
            expect![[r#"
            Compound binds b, rest
                0 LoadName a
                1 StoreLocal .match0
                2 LoadLocal .match0
                3 MatchMapping
                4 Swap
                5 Pop
                6 JumpIfFalse L37
                7 LoadLocal .match0
                8 MatchLength
                9 Swap
               10 Pop
               11 Constant Int(1)
               12 Compare(GreaterEqual)
               13 JumpIfFalse L37
               14 LoadLocal .match0
               15 Constant Str("k")
               16 BuildTuple(1)
               17 MatchKeys
               18 StoreLocal .match1
               19 StoreLocal .match2
               20 Pop
               21 LoadLocal .match1
               22 JumpIfNone L37
               23 LoadLocal .match1
               24 UnpackSequence(1)
               25 StoreLocal .match3
               26 LoadLocal .match0
               27 LoadLocal .match2
               28 CopyWithoutKeys
               29 StoreLocal .match4
               30 LoadLocal .match3
               31 StoreName b
               32 LoadLocal .match4
               33 StoreName rest
               34 LoadName c
               35 Pop
               36 Jump L37
             > 37 Constant None
               38 Return
        "#]],
        );
    }

    #[test]
    fn classes() {
        check(
            "match a:\n    case B(c, d=(1 | 2) as e): f",
            expect![[r#"
            Compound binds c, e
                0 LoadName a
                1 StoreLocal .match0
                2 LoadLocal .match0
                3 LoadName B
                4 Constant Str("d")
                5 BuildTuple(1)
                6 MatchClass { positional: 1 }
                7 StoreLocal .match1
                8 LoadLocal .match1
                9 JumpIfNone L32
               10 LoadLocal .match1
               11 UnpackSequence(2)
               12 StoreLocal .match2
               13 StoreLocal .match3
               14 LoadLocal .match3
               15 Constant Int(1)
               16 Compare(Equal)
               17 JumpIfFalse L19
               18 Jump L25
             > 19 LoadLocal .match3
               20 Constant Int(2)
               21 Compare(Equal)
               22 JumpIfFalse L24
               23 Jump L25
             > 24 Jump L32
             > 25 LoadLocal .match2
               26 StoreName c
               27 LoadLocal .match3
               28 StoreName e
               29 LoadName f
               30 Pop
               31 Jump L32
             > 32 Constant None
               33 Return
        "#]],
        );
    }

    #[test]
    fn alternatives_bind_the_same_names() {
        check(
            "match a:\n    case [b, c] | {'c': c, 'b': b}: d",
            expect![[r#"
            Compound binds b, c
                0 LoadName a
                1 StoreLocal .match0
                2 LoadLocal .match0
                3 MatchSequence
                4 Swap
                5 Pop
                6 JumpIfFalse L23
                7 LoadLocal .match0
                8 MatchLength
                9 Swap
               10 Pop
               11 Constant Int(2)
               12 Compare(Equal)
               13 JumpIfFalse L23
               14 LoadLocal .match0
               15 UnpackSequence(2)
               16 StoreLocal .match1
               17 StoreLocal .match2
               18 LoadLocal .match1
               19 StoreLocal .match3
               20 LoadLocal .match2
               21 StoreLocal .match4
               22 Jump L55
             > 23 LoadLocal .match0
               24 MatchMapping
               25 Swap
               26 Pop
               27 JumpIfFalse L54
               28 LoadLocal .match0
               29 MatchLength
               30 Swap
               31 Pop
               32 Constant Int(2)
               33 Compare(GreaterEqual)
               34 JumpIfFalse L54
               35 LoadLocal .match0
               36 Constant Str("c")
               37 Constant Str("b")
               38 BuildTuple(2)
               39 MatchKeys
               40 StoreLocal .match5
               41 StoreLocal .match6
               42 Pop
               43 LoadLocal .match5
               44 JumpIfNone L54
               45 LoadLocal .match5
               46 UnpackSequence(2)
               47 StoreLocal .match7
               48 StoreLocal .match8
               49 LoadLocal .match7
               50 StoreLocal .match4
               51 LoadLocal .match8
               52 StoreLocal .match3
               53 Jump L55
             > 54 Jump L62
             > 55 LoadLocal .match3
               56 StoreName b
               57 LoadLocal .match4
               58 StoreName c
               59 LoadName d
               60 Pop
               61 Jump L62
             > 62 Constant None
               63 Return
        "#]],
        );
    }
}

mod errors {
    use super::*;

    #[test]
    fn rules_that_the_grammar_does_not_know() {
        for text in [
            "return",
            "break",
            "yield",
            "nonlocal a",
            "def f(a, a): pass",
            "x = 1\nfrom __future__ import annotations",
            "from __future__ import nothing",
            "__debug__ = 1",
            "def f():\n    a\n    global a",
            "def f():\n    nonlocal a",
            "def f():\n    from a import *",
            "async def f():\n    yield\n    return 1",
            "try: pass\nexcept: pass\nexcept A: pass",
            "f(a=1, a=2)",
            "*a = b",
            "class C:\n    [a := 1 for b in c]",
            "[await a for a in b]",
            "def f():\n    x: int\n    global x",
        ] {
            let result = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
            assert!(result.is_err(), "{text:?} is taken");
        }
    }

    #[test]
    fn errors_say_where() {
        check(
            "x = 1\nreturn x\n",
            expect![[r#"
            6..14 `return` statement outside of a function
        "#]],
        );
        check(
            "def f(:\n",
            expect![[r#"
            6..7 Expected a parameter or the end of the parameter list
            8..8 unexpected EOF while parsing
        "#]],
        );
        check_with(
            "type X = int\n",
            (3, 11),
            0,
            expect![[r#"
            0..4 Cannot use `type` alias statement on Python 3.11 (syntax was added in Python 3.12)
        "#]],
        );
        check_with(
            "x\n",
            (3, 14),
            0,
            expect![[r#"
            0..0 Python 3.14 is not supported: 3.11 to 3.13 are
        "#]],
        );
    }
}

mod depth {
    use super::*;
    use syntax::{SyntaxError, SyntaxErrorKind};

    const N: usize = 50_000;

    fn errors(text: &str) -> Vec<SyntaxError> {
        lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 }).err().unwrap_or_default()
    }

    /// On a thread with an ordinary stack.
    #[test]
    fn fifty_thousand_levels_are_refused() {
        let texts = [
            "(".repeat(N) + &")".repeat(N),
            "[".repeat(N),
            "{".repeat(N),
            "-".repeat(N) + "1",
            "not ".repeat(N) + "1",
            "a".to_owned() + &".b".repeat(N),
            "a".to_owned() + &"()".repeat(N),
            "1+".repeat(N) + "1",
            "a if b else ".repeat(N) + "c",
            "lambda: ".repeat(N) + "c",
            "if a: pass\n".to_owned() + &"elif b: pass\n".repeat(N),
            "f'{".repeat(N),
            "f\"{f'{".repeat(N),
            (0..N / 50).map(|i| " ".repeat(i) + "if a:\n").collect::<String>(),
            "x = ".to_owned() + &"a[".repeat(N) + &"]".repeat(N),
            "match a:\n case ".to_owned() + &"(".repeat(N) + &")".repeat(N) + ": pass",
            "@".repeat(N),
            "try:\n pass\nfinally:\n".to_owned()
                + &(1..30).map(|i| format!("{0}try:\n{0} pass\n{0}finally:\n", " ".repeat(i))).collect::<String>()
                + &" ".repeat(30)
                + "pass\n",
        ];
        for text in texts {
            assert!(!errors(&text).is_empty(), "{} is taken", &text[..20]);
        }
    }

    #[test]
    fn what_cpython_takes_is_taken() {
        let texts = [
            "1+".repeat(5900) + "1",
            "-".repeat(5900) + "1",
            "a".to_owned() + &".b".repeat(5900),
            "a if b else ".repeat(5900) + "c",
            "lambda: ".repeat(2900) + "c",
            "if a: pass\n".to_owned() + &"elif b: pass\n".repeat(5900),
            "x = [".to_owned() + &"1, ".repeat(200_000) + "]",
            "a = ".repeat(20_000) + "1",
        ];
        for text in texts {
            assert_eq!(errors(&text), [], "{}", &text[..20]);
        }
    }

    #[test]
    fn the_kind_says_too_deep() {
        let kinds: Vec<_> = errors(&"-".repeat(N)).iter().map(|error| error.kind).collect();
        assert_eq!(kinds, [SyntaxErrorKind::TooDeep]);
    }
}

#[test]
fn directives() {
    let text = "# lyo: strict\nx = '# lyo: strict'  # lyo: ignore[LYO101, LYO102] known\n";
    let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
    let directives = module.map(|module| module.directives).unwrap_or_default();
    expect![[r#"
        [
            Directive {
                range: 0..13,
                kind: Strict,
            },
            Directive {
                range: 35..70,
                kind: Ignore(
                    [
                        "LYO101",
                        "LYO102",
                    ],
                ),
            },
        ]
    "#]]
    .assert_debug_eq(&directives);
}

#[test]
fn rebound_globals() {
    let text = "def f():\n    global a, b\n    a = 1\n    def g():\n        global c\n        del c\n    b\nclass C:\n    global d\n    d = 1\n";
    let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
    let names = module.map(|module| module.rebound_globals).unwrap_or_default();
    expect![[r#"
        [
            "a",
            "c",
        ]
    "#]]
    .assert_debug_eq(&names);
}
