//! Lowering of control.

use expect_test::expect;

use super::check;

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
               22 RaiseInGroup
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
