//! `lyo report`: what lies in the folder. How it looks is tested in a browser (`tests/browser`).

use crate::common::Tree;

fn shop() -> Tree {
    Tree::new(&[
        ("shop/__init__.py", ""),
        ("shop/prices.py", "RATES = {'book': 7}\nTOTAL = sum(RATES.values())\n"),
        ("shop/orders.py", "from shop import prices\nprint('<b>&amp;')\n"),
        ("shop/broken.py", "def f(:\n"),
        ("shop/latin.py", "x = '\u{e9}' # \u{2028}\n"),
        ("a b.py", "x = 1\n"),
        ("scripts/run.py", "x = 1\n"),
        ("scripts/more/run.py", "x = 2\n"),
    ])
}

#[test]
fn every_module_has_a_page_with_its_source_and_reasons() {
    let tree = shop();
    tree.write("shop/binary.py", b"x = '\xff'\n");
    let run = tree.lyo(&["report", ".", "-o", "out"]);
    assert_eq!((run.status, &*run.stderr), (0, ""), "{}", run.stdout);
    assert_eq!(run.stdout, "out/index.html: 9 modules\n");
    let read = |name: &str| std::fs::read_to_string(tree.path().join("out").join(name)).expect("a page");
    let orders = read("modules/shop.orders.html");
    assert!(orders.contains("print('&lt;b&gt;&amp;amp;')") && orders.contains("LYO202"), "{orders}");
    assert!(read("modules/shop.prices.html").contains("TOTAL = 7"));
    assert!(read("modules/shop.broken.html").contains("finding error"));
    assert!(read("modules/shop.binary.html").contains("finding error"));
    assert!(read("modules/a+20b.html").contains("x = 1"));
    let data = read("data.js");
    assert!(data.starts_with("window.LYO = {") && !data.contains('\u{2028}'));
    let json: serde_json::Value =
        serde_json::from_str(data.trim_start_matches("window.LYO = ").trim_end_matches(";\n")).expect("JSON");
    for module in json["modules"].as_array().expect("modules") {
        read(module["page"].as_str().expect("a page"));
    }
}

#[test]
fn a_report_is_replaced_and_nothing_else_is() {
    let tree = shop();
    assert_eq!(tree.lyo(&["report", "shop", "-o", "out"]).status, 0);
    tree.write("out/modules/stale.html", b"");
    assert_eq!(tree.lyo(&["report", "shop", "-o", "out"]).status, 0);
    assert!(!tree.path().join("out/modules/stale.html").exists());
    let refused = tree.lyo(&["report", "shop", "-o", "scripts"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("name another folder"), "{}", refused.stderr);
    assert!(tree.path().join("scripts/run.py").exists());
    assert_eq!(tree.lyo(&["report", "shop", "-o", "a b.py"]).status, 2);
    // Nothing is left beside it.
    let hidden = std::fs::read_dir(tree.path()).expect("a listing").flatten();
    assert!(hidden.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
}
