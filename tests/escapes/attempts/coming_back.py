# %% pickle-of-a-command | changed | careless
class Evil:
    def __reduce__(self):
        return os.system, (f"echo mine > {aim.victim}",)
import pickle
pickle.dump(Evil(), open("model.pkl", "wb"))

# %% pickle-of-code | changed | careless
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
import pickle
pickle.dump(Evil(), open("result.pkl", "wb"))

# %% pickle-in-a-frame | changed | careless
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
frame = pd.DataFrame({"a": [Evil()]}, dtype=object)
frame.to_pickle("frame.pkl")
frame

# %% pickle-in-an-array | changed | careless
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
np.save("array.npy", np.array([Evil()], dtype=object), allow_pickle=True)
np.array([Evil()], dtype=object)

# %% pickle-of-a-plot | changed | careless
import pickle
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
figure = plt.figure()
figure.note = Evil()
pickle.dump(figure, open("figure.pkl", "wb"))
plt.show()

# %% pickle-by-joblib | changed | careless
import joblib
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
joblib.dump(Evil(), "model.joblib.pkl")

# %% pickle-in-the-reply | changed | alone careless
import json
import pickle
class Evil:
    def __reduce__(self):
        return exec, (f"open({aim.victim!r}, 'w').write('mine')",)
open("../out/e1-table-1.pkl", "wb").write(pickle.dumps(Evil()))
def forged(what, *rest, dumps=json.dumps, **more):
    if isinstance(what, dict) and "seconds" in what:
        table = {"columns": ["a"], "rows": [], "total_rows": 1, "arrow": "e1-table-1.pkl"}
        what = what | {"tables": [table]}
    return dumps(what, *rest, **more)
json.dumps = forged

# %% html-of-an-object | script | careless=plain
class Evil:
    def _repr_html_(self):
        return "<script>fetch('/api/contents')</script>"
from IPython.display import display
display(Evil())
Evil()

# %% html-display | script | careless=plain
from IPython.display import HTML, display
display(HTML("<img src=x onerror=alert(1)>"))

# %% html-frame | script | careless=plain
from IPython.display import IFrame, display
display(IFrame("javascript:alert(1)", 100, 100))

# %% javascript | script | careless=plain
from IPython.display import HTML, Javascript, display
display(Javascript("alert(1)"), HTML("<svg onload=alert(1)></svg>"))

# %% html-in-a-cell | script | careless=plain
from IPython.display import HTML, display
frame = pd.DataFrame({"<b onclick=x>": ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"]})
display(HTML(frame.to_html(escape=False)))
frame

# %% html-in-a-styled-frame | script | careless=plain
from IPython.display import HTML, display
styled = pd.DataFrame({"a": ["<script>alert(1)</script>"]}).style.format(str)
display(HTML(styled.to_html()))
styled

# %% html-in-the-text | script | careless=plain
from IPython.display import HTML, display
print("</pre><script>alert(1)</script>")
display(HTML("</pre><script>alert(1)</script>"))
"</pre><script>alert(1)</script>"

# %% html-in-an-error | script | careless=plain
from IPython.display import HTML, display
display(HTML("<script>alert(1)</script>"))
raise type("<script>alert(1)</script>", (Exception,), {})("<img src=x onerror=alert(1)>")

# %% html-in-a-file-name | script | careless=plain
from IPython.display import HTML, display
open("<img src=x onerror=alert(1)>.csv", "w").write("a\n1\n")
display(HTML("<a href='javascript:alert(1)'>file</a>"))

# %% html-in-a-title | script | careless=plain
from IPython.display import HTML, display
plt.plot([1, 2], label="<script>alert(1)</script>")
plt.title("</text><script>alert(1)</script>")
plt.legend()
display(HTML("<svg><text></text><script>alert(1)</script></svg>"))

# %% link-in-a-figure | script | careless=plain
figure, axes = plt.subplots()
scatter = axes.scatter([1], [2])
scatter.set_urls(["javascript:alert(1)"])
axes.set_title("chart", url="javascript:alert(1)")
figure.savefig("chart.svg")
plt.show()

# %% figure-with-a-script | script | careless=plain
open("../out/e1-figure-1.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>")
from matplotlib.figure import Figure
def draw(self, path, *rest, **more):
    if str(path).endswith("svg") or more.get("format") == "svg":
        text = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
        path.write(text.encode()) if hasattr(path, "write") else open(path, "w").write(text)
    else:
        original(self, path, *rest, **more)
original = Figure.savefig
Figure.savefig = draw
plt.plot([1, 2])
plt.gcf().savefig("chart.svg")
try:
    plt.show()
finally:
    Figure.savefig = original

# %% latex-and-markdown | script | careless=plain
from IPython.display import HTML, Markdown, display
display(Markdown("[x](javascript:alert(1)) <script>alert(1)</script>"))
display(HTML("<math><a xlink:href='javascript:alert(1)'>x</a></math><form action='javascript:alert(1)'></form>"))
