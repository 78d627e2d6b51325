/// A page of results that needs nothing beside itself: no scripts, no files, light or dark as the reader's system is.
enum ReportPage {
    /// The whole document around a body.
    static func html(title: String, body: String) -> String {
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width\"><title>\(HTML.escaped(title))</title>"
            + "<style>\(style)</style></head><body>\(body)</body></html>\n"
    }

    /// Names with their values.
    static func facts(_ title: String, _ facts: [(String, String)]) -> String {
        let rows = facts.map { "<tr><th>\(HTML.escaped($0.0))</th><td>\(HTML.escaped($0.1))</td></tr>" }
        return "<section><h2>\(HTML.escaped(title))</h2><table>\(rows.joined())</table></section>"
    }

    /// Okabe and Ito's colours, which differ for colour-blind readers too; yellow is left out on white.
    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--dim:#5a6472;--faint:#dfe3e8;--paper:#fff;--card:#f7f8fa}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#9aa4b2;--faint:#333a44;--paper:#14171b;\
        --card:#1b1f25}}
        *{box-sizing:border-box}
        body{font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem;color:var(--ink);\
        background:var(--paper)}
        h1{font-size:1.6rem;margin:0 0 .3rem}h2{margin:2.5rem 0 .3rem;font-size:1.2rem;scroll-margin-top:1rem}
        p{max-width:75ch;margin:.4rem 0}.count,figcaption,.lead{color:var(--dim)}.count{font-size:.9rem}
        a{color:inherit}nav ul{columns:2 16rem;padding-left:1.2rem;margin:.3rem 0}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:1rem;margin:1rem 0}
        figure{margin:0;padding:.8rem 1rem;background:var(--card);border-radius:8px;min-width:0}
        figcaption{font-size:.85rem;line-height:1.4;margin-bottom:.4rem}figcaption b{display:block;font-size:.95rem;\
        color:var(--ink)}
        svg{display:block;width:100%;height:auto}svg text{font-size:12px;fill:var(--ink)}svg .title{fill:var(--dim)}
        .grid{stroke:var(--faint)}.zero{stroke:var(--dim)}.line{fill:none;stroke:var(--c);stroke-width:2}
        .band{fill:var(--c);opacity:.15}.dot,.bar{fill:var(--c)}.line.chance{stroke-dasharray:5 4}
        .whisker{stroke:var(--ink);stroke-width:1.5}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:0;margin:.4rem 0;font-size:.85rem}
        .legend li::before{content:"";display:inline-block;width:.8em;height:.8em;margin-right:.4em;background:var(--c)}
        summary{cursor:pointer;font-size:.85rem;color:var(--dim)}details table{font-size:.8rem}
        table{display:block;max-width:100%;overflow-x:auto;border-collapse:collapse;font-variant-numeric:tabular-nums}
        td,th{text-align:left;padding:.1rem .8rem .1rem 0;border-bottom:1px solid var(--faint);vertical-align:top}
        .verdicts{max-width:90ch;padding-left:1.2rem;margin:.6rem 0}
        .notice{border-left:3px solid #d55e00;padding:.2rem 1rem;margin:1rem 0}
        .shots{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:.8rem;margin:1rem 0}
        .shots figure{padding:.5rem}.shots img{display:block;width:100%;border-radius:4px;image-rendering:auto}
        .shots figcaption{margin:.4rem 0 0}
        pre{background:var(--card);padding:.6rem 1rem;border-radius:8px;overflow-x:auto;font-size:.85rem}
        .s0{--c:#0072b2}.s1{--c:#d55e00}.s2{--c:#009e73}.s3{--c:#cc79a7}.s4{--c:#56b4e9}.s5{--c:#e69f00}.s6{--c:#8b6fd0}
        .s7{--c:#7f8793}.chance{--c:var(--ink)}
        """
}
