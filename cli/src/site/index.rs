//! `index.html`: the figures, and the frame in which the script draws.

use analyzer::{Report, Verdict};
use maud::{Markup, html};

use super::{meaning, page};

pub fn render(report: &Report) -> String {
    let body = html! {
        body.overview {
            header {
                h1 { "What runs on import" }
                (figures(report))
                nav {
                    button type="button" data-view="graph" aria-pressed="true" { "Imports" }
                    button type="button" data-view="map" aria-pressed="false" { "Statements" }
                    button type="button" data-view="causes" aria-pressed="false" { "What to mend first" }
                    button type="button" data-view="list" aria-pressed="false" { "Modules" }
                    input #search type="search" placeholder="Search modules  (/)" aria-label="Search modules"
                        autocomplete="off" spellcheck="false";
                }
            }
            main {
                section #graph {
                    canvas tabindex="0" aria-label="The modules, packed by package, coloured by verdict" {}
                    label.option { input #all-imports type="checkbox"; " all imports" }
                    p.hint { "Scroll to zoom, drag to move, click a module or package." }
                }
                section #map hidden {
                    canvas aria-label="The modules, as large as they have statements, coloured by how many run" {}
                    p.hint { "As large as a module has statements; from green to red by the share that runs at import." }
                }
                section #causes hidden {
                    @if report.causes.is_empty() {
                        p.empty { "Nothing: no module runs code on import for a reason that others share." }
                    } @else {
                        table { thead { tr { th { "modules" } th { "statements" } th { "cause" } th { "first met" } } } tbody {} }
                    }
                }
                section #list hidden {
                    table {
                        thead { tr {
                            th scope="col" data-key="name" { "module" } th scope="col" data-key="verdict" { "verdict" }
                            th scope="col" data-key="total" { "statements" } th scope="col" data-key="residual" { "run at import" }
                            th scope="col" data-key="importers" { "imported by" }
                        } }
                        tbody {}
                    }
                    p.more {}
                }
                aside #details hidden {}
            }
            script src="data.js" {}
            script src="assets/d3.min.js" {}
            script src="assets/report.js" {}
        }
    };
    page("Lyo report", "", &body)
}

/// How many modules have which verdict, and what share of the statements need not run.
fn figures(report: &Report) -> Markup {
    let count = |verdict| report.modules.iter().filter(|module| module.verdict == verdict).count();
    let total = report.modules.len().max(1);
    let closed = report.modules.iter().filter(|module| module.closed).count();
    let (mut statements, mut residual) = (0, 0);
    for module in &report.modules {
        statements += module.statements.total();
        residual += module.statements.residual;
    }
    let proven = 100.0 * f64::from(statements - residual) / f64::from(statements.max(1));
    html! {
        p.figures {
            b { (report.modules.len()) } " modules for CPython " (report.python) " on " (report.platform) ", "
            b { (format!("{proven:.1} %")) } " of " (statements) " top-level statements need not run at import; "
            b { (closed) } " modules are closed: importing them runs no code at all"
        }
        div.bar role="img" aria-label="modules by verdict" {
            @for verdict in Verdict::ALL {
                @if count(verdict) > 0 {
                    span class=(verdict.as_str()) style=(format!("flex-grow:{}", count(verdict))) {}
                }
            }
        }
        ul.legend {
            @for verdict in Verdict::ALL {
                @if count(verdict) > 0 {
                    li title=(meaning(verdict)) {
                        i class=(verdict.as_str()) {} b { (count(verdict)) } " " (verdict.as_str())
                        small { (format!(" {:.0} %", 100.0 * count(verdict) as f64 / total as f64)) }
                    }
                }
            }
        }
    }
}
