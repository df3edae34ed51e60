//! The rules' pages of `docs/rules/`, which are part of the program.

/// Code and page, as Markdown, in the order of the codes.
pub const RULE_PAGES: &[(&str, &str)] = &[
    ("LYO101", include_str!("../../docs/rules/LYO101.md")),
    ("LYO102", include_str!("../../docs/rules/LYO102.md")),
    ("LYO103", include_str!("../../docs/rules/LYO103.md")),
    ("LYO104", include_str!("../../docs/rules/LYO104.md")),
    ("LYO105", include_str!("../../docs/rules/LYO105.md")),
    ("LYO106", include_str!("../../docs/rules/LYO106.md")),
    ("LYO107", include_str!("../../docs/rules/LYO107.md")),
    ("LYO108", include_str!("../../docs/rules/LYO108.md")),
    ("LYO109", include_str!("../../docs/rules/LYO109.md")),
    ("LYO201", include_str!("../../docs/rules/LYO201.md")),
    ("LYO202", include_str!("../../docs/rules/LYO202.md")),
    ("LYO203", include_str!("../../docs/rules/LYO203.md")),
    ("LYO301", include_str!("../../docs/rules/LYO301.md")),
    ("LYO302", include_str!("../../docs/rules/LYO302.md")),
    ("LYO303", include_str!("../../docs/rules/LYO303.md")),
    ("LYO304", include_str!("../../docs/rules/LYO304.md")),
    ("LYO401", include_str!("../../docs/rules/LYO401.md")),
    ("LYO402", include_str!("../../docs/rules/LYO402.md")),
    ("LYO403", include_str!("../../docs/rules/LYO403.md")),
    ("LYO501", include_str!("../../docs/rules/LYO501.md")),
    ("LYO502", include_str!("../../docs/rules/LYO502.md")),
    ("LYO901", include_str!("../../docs/rules/LYO901.md")),
    ("LYO902", include_str!("../../docs/rules/LYO902.md")),
    ("LYO903", include_str!("../../docs/rules/LYO903.md")),
    ("LYO904", include_str!("../../docs/rules/LYO904.md")),
    ("LYO999", include_str!("../../docs/rules/LYO999.md")),
];

/// The page of a rule, by its code.
pub fn rule_page(code: &str) -> Option<&'static str> {
    RULE_PAGES.iter().find(|(other, _)| *other == code).map(|(_, page)| *page)
}
