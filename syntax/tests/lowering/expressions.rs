//! Lowering of expressions.

use expect_test::expect;

use super::{check, check_with};

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
