//! The pages that `lyo report` writes: an overview (`index.html`, drawn by `assets/report.js` from `data.js`) and a page
//! for each module.

mod data;
mod index;
mod module;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use analyzer::{Analysis, Report, Verdict};
use anyhow::{Context, bail};
use maud::{DOCTYPE, Markup, html};
use rayon::prelude::*;

pub const INDEX: &str = "index.html";

/// Tells a folder that holds a report from one that must not be replaced.
const MARK: &str = ".lyo-report";

const ASSETS: [(&str, &str); 3] = [
    ("report.css", include_str!("../../assets/report.css")),
    ("report.js", include_str!("../../assets/report.js")),
    ("d3.min.js", include_str!("../../assets/vendor/d3.min.js")),
];

/// Where the page of each module lies, beside the overview.
pub struct Pages {
    files: Vec<String>,
    by_path: HashMap<String, usize>,
}

impl Pages {
    fn new(report: &Report) -> Pages {
        let mut taken: HashMap<String, usize> = HashMap::new();
        let mut files = Vec::new();
        for module in &report.modules {
            let stem = file_stem(&module.name);
            // Scripts may have the same name, and file systems may not tell upper from lower case.
            let count = taken.entry(stem.to_lowercase()).or_default();
            files.push(if *count == 0 {
                format!("modules/{stem}.html")
            } else {
                format!("modules/{stem}~{count}.html")
            });
            *count += 1;
        }
        let by_path = report.modules.iter().enumerate().map(|(index, module)| (module.path.clone(), index)).collect();
        Pages { files, by_path }
    }

    /// The page of the module at this place of the report.
    pub fn of(&self, index: usize) -> &str {
        &self.files[index]
    }

    /// The page of a source file, if it has one.
    pub fn of_source(&self, path: &str) -> Option<&str> {
        self.by_path.get(path).map(|index| self.of(*index))
    }
}

/// A file name that means the same everywhere, also in a link.
fn file_stem(name: &str) -> String {
    const LONGEST: usize = 180;
    let mut stem = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => stem.push(c),
            _ => stem.push_str(&format!("+{:x}", u32::from(c))),
        }
    }
    stem.truncate(LONGEST);
    stem
}

/// Refuses a folder that holds something else than a report.
pub fn check_target(folder: &Path) -> anyhow::Result<()> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("can't write to {}", folder.display())),
    };
    if !is_empty && !folder.join(MARK).is_file() {
        bail!("{} is not empty and no report of Lyo; name another folder with -o", folder.display());
    }
    Ok(())
}

/// Writes the pages beside the folder, and puts them in its place when all are there.
///
/// Errors: the folder holds something else, or can't be written; what was there before is unchanged.
pub fn write(analysis: &Analysis, report: &Report, folder: &Path) -> anyhow::Result<()> {
    check_target(folder)?;
    let folder = std::path::absolute(folder)?;
    let parent = folder.parent().context("a report needs a folder of its own")?;
    let failed = || format!("can't write to {}", parent.display());
    fs::create_dir_all(parent).with_context(failed)?;
    let aside = tempfile::Builder::new().prefix(".lyo-report").tempdir_in(parent).with_context(failed)?;
    write_pages(analysis, report, &aside.path().join("new")).with_context(failed)?;
    let old = aside.path().join("old");
    match fs::rename(&folder, &old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(failed),
        _ => {}
    }
    if let Err(error) = fs::rename(aside.path().join("new"), &folder) {
        fs::rename(&old, &folder).ok();
        return Err(error).with_context(failed);
    }
    Ok(())
}

fn write_pages(analysis: &Analysis, report: &Report, folder: &Path) -> io::Result<()> {
    let pages = Pages::new(report);
    for sub in ["modules", "assets"] {
        fs::create_dir_all(folder.join(sub))?;
    }
    for (name, text) in ASSETS {
        fs::write(folder.join("assets").join(name), text)?;
    }
    fs::write(folder.join(MARK), "")?;
    fs::write(folder.join("data.js"), data::render(analysis, report, &pages)?)?;
    fs::write(folder.join(INDEX), index::render(report))?;
    let modules: Vec<_> = analysis.requested().zip(&report.modules).enumerate().collect();
    modules.par_iter().try_for_each(|(index, (module, told))| {
        let path: PathBuf = folder.join(pages.of(*index));
        fs::write(path, module::render(analysis, *module, told, &pages))
    })
}

/// A page around its body; `up` leads from it to the folder of the report.
fn page(title: &str, up: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href={ (up) "assets/report.css" };
            }
            (body)
        }
    };
    page.into_string()
}

/// What a verdict means, in a line.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Strict => "importing it only makes functions, classes and values",
        Verdict::Replayable => "the same, and what it changes elsewhere is known completely",
        Verdict::Partial => "some statements run code at import",
        Verdict::Dynamic => "nothing but imports is proven",
        Verdict::Error => "it can't be read or parsed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_plain() {
        assert_eq!(file_stem("pkg.mod_1"), "pkg.mod_1");
        assert_eq!(file_stem("a b/ü~"), "a+20b+2f+fc+7e");
    }

    #[test]
    fn only_reports_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_target(folder.path()).is_ok());
        assert!(check_target(&folder.path().join("new")).is_ok());
        fs::write(folder.path().join("precious"), "").unwrap();
        assert!(check_target(folder.path()).is_err());
        assert!(check_target(&folder.path().join("precious")).is_err());
        fs::write(folder.path().join(MARK), "").unwrap();
        assert!(check_target(folder.path()).is_ok());
    }
}
