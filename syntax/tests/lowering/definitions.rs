//! Lowering of definitions.

use expect_test::expect;

use super::{check, check_with};

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
           12 ClassEpilogue
           13 LoadClosure __class__
           14 Duplicate
           15 StoreName __classcell__
           16 Return
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
            1 ClassEpilogue
            2 Constant None
            3 Return
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
            7 ClassEpilogue
            8 Constant None
            9 Return
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
           12 ClassEpilogue
           13 LoadClosure __classdict__
           14 StoreName __classdictcell__
           15 Constant None
           16 Return
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
