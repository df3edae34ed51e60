//! Lowering of assignments.

use expect_test::expect;

use super::check;

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
