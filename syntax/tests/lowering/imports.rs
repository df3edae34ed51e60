//! Lowering of imports.

use expect_test::expect;
use syntax::{LowerOptions, lower_source};

use super::check;

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
            7 ClassEpilogue
            8 Constant None
            9 Return
    "#]],
    );
}

#[test]
fn sites() {
    let text = "import a, b.c\nif TYPE_CHECKING:\n    import d\nelse:\n    from . import e\nif not typing.TYPE_CHECKING:\n    import f\nelse:\n    import g\nclass C:\n    import h\ndef i():\n    import j\ntry:\n    from k import *\nexcept ImportError:\n    import l\nif __name__ == '__main__':\n    import m\nelif '__main__' != __name__:\n    import n\nelse:\n    import o\n";
    let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
    let sites = module.map(|module| {
        let describe = |site: &syntax::ir::ImportSite| {
            format!("{}{} {:?} {:?}\n", ".".repeat(site.level as usize), site.module, site.names, site.occasion)
        };
        module.imports.iter().map(describe).collect::<String>()
    });
    expect![[r#"
        a [] Always
        b.c [] Always
        d [] Never
        . ["e"] Always
        f [] Always
        g [] Never
        h [] Always
        k ["*"] Always
        l [] Always
        m [] Script
        n [] Always
        o [] Script
    "#]]
    .assert_eq(&sites.unwrap_or_default());
}
