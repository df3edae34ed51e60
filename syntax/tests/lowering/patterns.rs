//! Lowering of patterns.

use expect_test::expect;

use super::check;

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
