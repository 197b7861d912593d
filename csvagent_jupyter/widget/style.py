"""The style of the view: JupyterLab's theme variables, with values that fit light and dark where there are none.

A page that takes styles away (GitHub, an untrusted notebook) keeps plain, readable HTML: the style only adds calm.
On a page of nbconvert, whose body is the notebook, the answer begins where the text of the cells does.
"""

from __future__ import annotations

from .markup import Html

_MUTED = "var(--jp-content-font-color2, color-mix(in srgb, currentColor 68%, transparent))"
_LINE = "var(--jp-border-color2, rgba(128, 128, 128, .3))"
_SOFT = "var(--jp-cell-editor-background, rgba(128, 128, 128, .1))"
_CODE = "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace)"

CSS = f"""
.csvagent.csvagent{{font:14px/1.5 var(--jp-ui-font-family, system-ui, sans-serif);
 color:var(--jp-content-font-color1, inherit);max-width:860px;padding:4px 0}}
body.jp-Notebook .jp-OutputArea-output>.csvagent{{padding-left:17px}}
.csvagent.csvagent>*{{margin:0 0 8px}}
.csvagent.csvagent p{{margin:0 0 8px;line-height:1.5}}
.csvagent.csvagent .text{{white-space:pre-wrap;overflow-wrap:anywhere;font-size:15px}}
.csvagent.csvagent pre code{{font:inherit;background:none;color:inherit;padding:0;white-space:inherit}}
.csvagent.csvagent pre{{font:12.5px/1.5 {_CODE};background:{_SOFT};color:inherit;padding:8px 12px;border:0;
 border-radius:4px; margin:4px 0 8px;overflow:auto;white-space:pre}}
.csvagent.csvagent pre.wrap{{white-space:pre-wrap;overflow-wrap:anywhere}}
.csvagent.csvagent .box{{max-height:320px;overflow:auto;margin:4px 0 8px;border-radius:4px}}
.csvagent.csvagent .box>pre{{margin:0;overflow:visible;min-width:max-content}}
.csvagent.csvagent tr{{background:none}}
.csvagent.csvagent .muted,.csvagent.csvagent .foot{{color:{_MUTED}}}
.csvagent.csvagent .foot{{font-size:12px;margin-top:8px}}
.csvagent.csvagent code{{font:.92em {_CODE};background:none;color:inherit;padding:0}}
.csvagent.csvagent .good{{color:var(--jp-success-color1, #2e7d32)}}
.csvagent.csvagent .bad{{color:var(--jp-error-color1, #d32f2f)}}
.csvagent.csvagent .warn{{color:var(--jp-warn-color1, #b26a00)}}
.csvagent.csvagent ul{{margin:0 0 8px;padding:0;list-style:none}}
.csvagent.csvagent ul li{{margin:2px 0;padding-left:20px;text-indent:-20px;overflow-wrap:anywhere}}
.csvagent.csvagent li .mark,.csvagent.csvagent .row .mark{{display:inline-block;width:20px;text-indent:0}}
.csvagent.csvagent ul.ideas li{{padding-left:12px;text-indent:-12px}}
.csvagent.csvagent .title{{font-weight:600}}
.csvagent.csvagent figure{{margin:4px 0 8px;padding:0}}
.csvagent.csvagent figure img{{display:block;max-width:100%;height:auto;background:#fff;border-radius:4px}}
.csvagent.csvagent .grid{{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:12px}}
.csvagent.csvagent details{{margin:0}}
.csvagent.csvagent .folds{{display:flex;flex-wrap:wrap;column-gap:20px;row-gap:2px}}
.csvagent.csvagent .folds>details[open]{{flex-basis:100%;min-width:0}}
.csvagent.csvagent summary{{cursor:pointer;padding:2px 0;overflow-wrap:anywhere;list-style:none;display:flex;gap:4px}}
.csvagent.csvagent summary::-webkit-details-marker{{display:none}}
.csvagent.csvagent summary::before{{content:"▸";flex:none;width:12px;color:{_MUTED}}}
.csvagent.csvagent details[open]>summary::before{{content:"▾"}}
.csvagent.csvagent .try>summary::before{{display:none}}
.csvagent.csvagent .try>summary .mark{{flex:none;width:20px}}
.csvagent.csvagent .try>summary::after{{content:"▸";margin-left:4px;color:{_MUTED}}}
.csvagent.csvagent .try[open]>summary::after{{content:"▾"}}
.csvagent.csvagent .try>.box{{margin-left:24px}}
.csvagent.csvagent summary:focus-visible{{outline:2px solid var(--jp-brand-color1, #1976d2);outline-offset:2px}}
.csvagent.csvagent details details{{margin-left:4px}}
.csvagent.csvagent table{{border-collapse:collapse;font-size:13px;margin:0;border:0;table-layout:auto}}
.csvagent.csvagent th,.csvagent.csvagent td{{padding:3px 12px 3px 4px;text-align:left;vertical-align:top;
 border:0;max-width:360px; border-bottom:1px solid {_LINE};overflow-wrap:anywhere;white-space:normal;background:none}}
.csvagent.csvagent th{{font-weight:600;position:sticky;top:0;background:var(--jp-layout-color0, Canvas)}}
.csvagent.csvagent .number{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
.csvagent.csvagent .none{{opacity:.5}}
.csvagent.csvagent .k{{color:var(--jp-mirror-editor-keyword-color, inherit)}}
.csvagent.csvagent .s{{color:var(--jp-mirror-editor-string-color, inherit)}}
.csvagent.csvagent .c{{color:{_MUTED};font-style:italic}}
.csvagent.csvagent .m{{color:var(--jp-mirror-editor-number-color, inherit)}}
.csvagent.csvagent .row{{display:flex;gap:8px;align-items:baseline;margin:0}}
.csvagent.csvagent .row .grow{{flex:1;min-width:0;overflow-wrap:anywhere}}
.csvagent.csvagent .row .time{{color:{_MUTED};font-size:12px;font-variant-numeric:tabular-nums;white-space:nowrap}}
.csvagent.csvagent .row .mark{{flex:none;width:16px}}
.csvagent.csvagent .waiting{{gap:20px}}
.csvagent.csvagent .stream{{display:flex;flex-direction:column-reverse;max-height:240px;overflow:auto;
 border:1px solid {_LINE};border-radius:4px;margin:4px 0 4px 24px}}
.csvagent.csvagent .stream pre{{margin:0;background:none}}
""".strip()

STYLE = Html(f"<style>{CSS}</style>")
