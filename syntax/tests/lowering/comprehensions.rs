//! Lowering of comprehensions.

use expect_test::expect;

use super::check;

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
            8 ClassEpilogue
            9 Constant None
           10 Return
    "#]],
    );
}
