"""Each library that generated code may use does its usual work inside a kernel, at whatever level this system has."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import pytest_asyncio

from csvagent_jupyter.sandbox import SandboxKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIBRARIES = {
    "numpy": """
rng = np.random.default_rng(7)
matrix = rng.random((300, 300))
np.save("matrix.npy", matrix)
np.savez_compressed("both.npz", a=matrix, b=matrix.T)
np.savetxt("matrix.txt", matrix[:3])
mapped = np.memmap("matrix.bin", dtype="f8", mode="w+", shape=(300, 300))
mapped[:] = matrix
mapped.flush()
inverse = np.linalg.inv(matrix)
checks = [
    np.allclose(matrix @ inverse, np.eye(300), atol=1e-6),
    np.array_equal(np.load("matrix.npy", mmap_mode="r"), matrix),
    np.array_equal(np.load("both.npz")["b"], matrix.T),
    np.loadtxt("matrix.txt").shape == (3, 300),
    np.allclose(np.fft.ifft(np.fft.fft(matrix[0])).real, matrix[0]),
    np.linalg.svd(matrix, compute_uv=False).size == 300,
    np.polyfit([0, 1, 2], [1, 3, 5], 1).round(6).tolist() == [2.0, 1.0],
    float(np.fromfile("matrix.bin")[0]) == matrix[0, 0],
]
""",
    "pandas": """
frame = pd.DataFrame({"city": ["Oslo", "Rome"] * 500, "day": pd.date_range("2024-01-01", periods=1000, freq="h")})
frame["amount"] = np.arange(1000.0)
frame.to_csv("sales.csv.gz", index=False)
frame.to_parquet("sales.parquet")
frame.to_json("sales.json", orient="records", date_format="iso")
frame.to_feather("sales.feather")
frame.to_html("sales.html")
monthly = frame.set_index("day").groupby("city").resample("D")["amount"].sum()
checks = [
    len(pd.read_csv("sales.csv.gz", parse_dates=["day"])) == 1000,
    pd.read_parquet("sales.parquet").equals(frame),
    pd.read_feather("sales.feather").equals(frame),
    pd.read_json("sales.json")["amount"].sum() == frame["amount"].sum(),
    pd.read_csv("sales.csv.gz", engine="pyarrow")["city"].nunique() == 2,
    frame.merge(frame, on="day").shape == (1000, 5),
    frame.pivot_table(index="city", values="amount", aggfunc="mean").shape == (2, 1),
    frame.query("amount > 10 and city == 'Oslo'")["amount"].min() == 12,
    frame.eval("amount * 2").iloc[-1] == 1998,
    frame["amount"].rolling(10).mean().notna().sum() == 991,
    frame["day"].dt.tz_localize("Europe/Oslo").dt.tz_convert("America/New_York").dt.year.min() == 2023,
    monthly.notna().all(),
]
""",
    "pyarrow": """
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet as pq
table = pa.table({"k": ["a", "b"] * 50_000, "v": range(100_000)})
pq.write_table(table, "t.parquet", compression="zstd", row_group_size=10_000)
pyarrow.csv.write_csv(table, "t.csv")
pyarrow.feather.write_feather(table, "t.feather", compression="lz4")
pyarrow.orc.write_table(table, "t.orc")
pyarrow.dataset.write_dataset(table, "parts", format="parquet", partitioning=["k"], partitioning_flavor="hive")
open("t.json", "w").write('{"v": 1}\\n{"v": 2}\\n')
checks = [
    pq.read_table("t.parquet", use_threads=True).equals(table),
    pyarrow.csv.read_csv("t.csv", read_options=pyarrow.csv.ReadOptions(use_threads=True)).num_rows == 100_000,
    pyarrow.feather.read_table("t.feather").equals(table),
    pyarrow.orc.read_table("t.orc").num_rows == 100_000,
    pyarrow.json.read_json("t.json")["v"].to_pylist() == [1, 2],
    pyarrow.dataset.dataset("parts", partitioning="hive").to_table(filter=pc.field("k") == "a").num_rows == 50_000,
    pa.memory_map("t.feather").size() > 0,
    table.group_by("k").aggregate([("v", "sum")]).num_rows == 2,
    pc.sum(table["v"]).as_py() == 4_999_950_000,
    pa.cpu_count() > 0,
]
""",
    "duckdb": """
import duckdb
frame = pd.DataFrame({"k": ["a", "b"] * 50_000, "v": range(100_000)})
connection = duckdb.connect("own.duckdb")
connection.execute("set threads to 2")
connection.execute("create table t as select * from frame")
connection.execute("copy t to 't.parquet' (format parquet)")
connection.execute("copy t to 't.csv' (header)")
connection.execute("set memory_limit = '64MB'")
sorted_rows = connection.execute("select count(*) from (select * from t order by md5(v::varchar))").fetchone()[0]
totals = connection.execute("select k, sum(v) s, median(v) m from t group by k order by k").df()
connection.execute("checkpoint")
connection.close()
checks = [
    totals["s"].sum() == 4_999_950_000,
    sorted_rows == 100_000,
    duckdb.sql("select count(*) from 't.parquet'").fetchall()[0][0] == 100_000,
    duckdb.sql("select count(*) from read_csv('t.csv')").fetchall()[0][0] == 100_000,
    duckdb.sql("select count(*) from df").fetchall()[0][0] == len(df),
    duckdb.sql("from frame where v < 10").arrow().read_all().num_rows == 10,
    len(duckdb.sql("summarize frame").df()) == 2,
    duckdb.sql("select strftime(date '2024-02-03', '%d.%m.%Y')").fetchall()[0][0] == "03.02.2024",
]
""",
    "matplotlib": """
import matplotlib.dates as mdates
from mpl_toolkits.mplot3d import Axes3D
figure, axes = plt.subplots(2, 3, figsize=(9, 5))
days = pd.date_range("2024-01-01", periods=30)
axes[0, 0].plot(days, np.arange(30))
axes[0, 0].xaxis.set_major_formatter(mdates.DateFormatter("%d.%m."))
axes[0, 1].bar(["Москва", "東京", "Zürich"], [3, 2, 1])
axes[0, 2].hist(np.random.default_rng(1).normal(size=500), bins=20)
axes[1, 0].imshow(np.eye(20), cmap="viridis")
axes[1, 1].pie([1, 2, 3], labels=["a", "b", "c"], autopct="%d%%")
axes[1, 2].set_title(r"$\\sqrt{x^2 + \\frac{1}{2}}$")
figure.suptitle("All")
figure.autofmt_xdate()
figure.tight_layout()
solid = plt.figure().add_subplot(projection="3d")
solid.plot_surface(*np.meshgrid(np.arange(5), np.arange(5)), np.ones((5, 5)))
for suffix in ("png", "svg", "pdf", "jpg"):
    figure.savefig(f"all.{suffix}")
with plt.style.context("ggplot"):
    plt.figure()
    plt.plot([1, 2])
checks = [os.path.getsize(f"all.{suffix}") > 2000 for suffix in ("png", "svg", "pdf", "jpg")]
checks.append(plt.imread("all.png").ndim == 3)
""",
    "scipy": """
from scipy import cluster, fft, integrate, interpolate, linalg, ndimage, optimize, signal, sparse, spatial, stats
import scipy.io
import scipy.sparse.linalg
rng = np.random.default_rng(3)
sample = rng.normal(size=400)
scipy.io.savemat("a.mat", {"a": sample})
checks = [
    stats.ttest_ind(sample, sample + 1).pvalue < 0.01,
    stats.linregress(np.arange(10), np.arange(10) * 2).slope == 2,
    abs(optimize.minimize(lambda x: (x[0] - 3) ** 2, [0.0]).x[0] - 3) < 1e-3,
    optimize.curve_fit(lambda x, a: a * x, np.arange(9.0), np.arange(9.0) * 4)[0][0].round(6) == 4,
    abs(integrate.quad(np.sin, 0, np.pi)[0] - 2) < 1e-9,
    interpolate.interp1d([0, 1], [0, 2])(0.5) == 1,
    sparse.linalg.spsolve(sparse.eye(50, format="csc") * 2, np.ones(50))[0] == 0.5,
    spatial.cKDTree(rng.random((500, 2))).query([0.5, 0.5], workers=2)[0] >= 0,
    len(cluster.hierarchy.linkage(rng.random((30, 2)))) == 29,
    signal.find_peaks(np.sin(np.arange(0, 20, 0.1)))[0].size == 3,
    fft.fft(sample, workers=2).size == 400,
    ndimage.gaussian_filter(np.eye(9), 1).shape == (9, 9),
    linalg.lu(rng.random((50, 50)))[0].shape == (50, 50),
    scipy.io.loadmat("a.mat")["a"].size == 400,
]
""",
    "scikit-learn": """
import joblib
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
x, y = make_classification(600, random_state=0)
left, right, known, hidden = train_test_split(x, y, random_state=0)
forest = RandomForestClassifier(30, random_state=0, n_jobs=1).fit(left, known)
joblib.dump(forest, "forest.joblib")
people = pd.DataFrame({"city": ["a", "b"] * 50, "age": range(100)})
checks = [
    forest.score(right, hidden) > 0.8,
    joblib.load("forest.joblib").score(right, hidden) > 0.8,
    HistGradientBoostingClassifier(max_iter=20).fit(left, known).score(right, hidden) > 0.8,
    RandomForestClassifier(20, random_state=0, n_jobs=2).fit(left, known).score(right, hidden) > 0.8,
    cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), x, y, cv=3).mean() > 0.7,
    GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [3, 5]}, cv=3).fit(x, y).best_score_ > 0.6,
    len(set(KMeans(3, n_init=2, random_state=0).fit_predict(load_iris().data))) == 3,
    PCA(2).fit_transform(x).shape == (600, 2),
    TfidfVectorizer().fit_transform(["one two", "two three"]).shape == (2, 3),
    round(LinearRegression().fit([[0], [1]], [1, 3]).coef_[0], 6) == 2,
    make_column_transformer((OneHotEncoder(), ["city"])).fit_transform(people).shape == (100, 2),
]
""",
    "statsmodels": """
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import seasonal_decompose
rng = np.random.default_rng(5)
frame = pd.DataFrame({"x": np.arange(200.0), "g": ["a", "b"] * 100})
frame["y"] = 3 * frame["x"] + rng.normal(size=200)
series = pd.Series(np.sin(np.arange(96) / 12 * 2 * np.pi) + np.arange(96) / 50,
                   index=pd.date_range("2016-01-01", periods=96, freq="MS"))
fitted = smf.ols("y ~ x + C(g)", frame).fit()
choice = sm.Logit((frame["x"] + rng.normal(0, 60, 200) > 100).astype(int), sm.add_constant(frame["x"])).fit(disp=0)
checks = [
    abs(fitted.params["x"] - 3) < 0.1,
    "R-squared" in str(fitted.summary()),
    choice.params["x"] > 0,
    len(sm.stats.anova_lm(fitted)) == 3,
    len(seasonal_decompose(series, period=12).trend.dropna()) == 84,
    len(ExponentialSmoothing(series, trend="add").fit().forecast(6)) == 6,
    len(ARIMA(series, order=(1, 0, 0)).fit().forecast(3)) == 3,
    sm.tsa.adfuller(series, maxlag=2)[1] <= 1,
]
""",
    "seaborn": """
import seaborn as sns
rng = np.random.default_rng(2)
frame = pd.DataFrame({"x": rng.random(120), "y": rng.random(120), "kind": ["a", "b", "c"] * 40})
sns.set_theme(style="whitegrid")
sns.scatterplot(frame, x="x", y="y", hue="kind")
plt.figure()
sns.boxplot(frame, x="kind", y="y")
plt.figure()
sns.heatmap(frame[["x", "y"]].corr(), annot=True)
plt.figure()
sns.regplot(frame, x="x", y="y")
plt.figure()
sns.kdeplot(frame["x"])
plt.figure()
sns.barplot(frame, x="kind", y="x", errorbar="sd")
grid = sns.pairplot(frame, hue="kind")
grid.savefig("pairs.png")
chart = sns.relplot(frame, x="x", y="y", col="kind")
checks = [os.path.getsize("pairs.png") > 5000, len(chart.axes.flat) == 3, len(plt.get_fignums()) == 8]
""",
    "polars": """
import polars as pl
frame = pl.DataFrame({"k": ["a", "b"] * 50_000, "v": range(100_000)})
frame.write_parquet("p.parquet")
frame.write_csv("p.csv")
frame.write_ipc("p.arrow")
lazy = pl.scan_csv("p.csv").filter(pl.col("v") > 10).group_by("k").agg(pl.col("v").sum()).sort("k")
pl.scan_parquet("p.parquet").filter(pl.col("k") == "a").sink_parquet("a.parquet")
checks = [
    lazy.collect()["v"].sum() == 4_999_950_000 - 55,
    lazy.collect(engine="streaming").height == 2,
    pl.read_parquet("p.parquet").equals(frame),
    pl.read_ipc("p.arrow").equals(frame),
    pl.read_parquet("a.parquet").height == 50_000,
    frame.join(frame, on="v").height == 100_000,
    frame.to_pandas()["v"].sum() == 4_999_950_000,
    pl.from_pandas(pd.DataFrame({"a": [1, 2]})).height == 2,
    pl.SQLContext(t=frame).execute("select count(*) as n from t", eager=True)["n"][0] == 100_000,
    frame.with_columns(pl.col("v").rolling_mean(5)).height == 100_000,
    pl.thread_pool_size() > 0,
]
""",
}
STANDARD_LIBRARY = """
import calendar, collections, csv, datetime, decimal, fractions, gzip, io, itertools, json, locale, logging, lzma, math
import pathlib, random, re, shutil, sqlite3, statistics, string, tempfile, threading, time, unicodedata, uuid, zipfile
import zoneinfo
from concurrent.futures import ThreadPoolExecutor
with sqlite3.connect("own.sqlite") as connection:
    connection.execute("create table t (a)")
    connection.executemany("insert into t values (?)", [(1,), (2,)])
pathlib.Path("a").mkdir()
pathlib.Path("a/b.txt").write_text("ё")
shutil.copy("a/b.txt", "c.txt")
shutil.make_archive("packed", "zip", "a")
os.replace("c.txt", "d.txt")
shutil.rmtree("a")
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("x")
with gzip.open("z.csv.gz", "wt") as file:
    csv.writer(file).writerow(["a"])
with ThreadPoolExecutor(4) as pool:
    squares = list(pool.map(lambda n: n * n, range(50)))
checks = [
    connection.execute("select sum(a) from t").fetchone() == (3,),
    zipfile.ZipFile("packed.zip").namelist() == ["b.txt"],
    pathlib.Path("d.txt").read_text() == "ё",
    squares[-1] == 2401,
    datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).utcoffset().seconds == 32400,
    len(str(uuid.uuid4())) == 36,
    random.SystemRandom().random() < 1,
    os.cpu_count() > 0,
    len(os.getcwd()) > 0,
]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kernel(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel()
    await kernel.start()
    path = tmp_path_factory.mktemp("sources") / "people.arrow"
    table = pa.Table.from_pandas(pd.DataFrame({"name": ["a", "b"], "age": [30, 40]}))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    await kernel.load({"people": path})
    yield kernel
    await kernel.stop()


async def works(kernel: SandboxKernel, code: str) -> None:
    """Every check of the code holds; the code ends in its checks, so that one which fails can be named."""
    done = await kernel.execute(f"import os\n{code}\n[bool(check) for check in checks]", timeout=100, keep=False)
    assert done.error is None, done.error.traceback
    assert done.value, done.value_text
    assert all(done.value), done.value_text
    assert all(Path(file.path).stat().st_size == file.size for file in done.files)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_library_does_its_usual_work(kernel: SandboxKernel, library: str) -> None:
    assert any(known.startswith(library + " ") for known in kernel.libraries), kernel.libraries
    await works(kernel, LIBRARIES[library])


async def test_the_standard_library_does_its_usual_work(kernel: SandboxKernel) -> None:
    await works(kernel, STANDARD_LIBRARY)


async def test_where_the_system_can_confine_the_work_was_done_confined(kernel: SandboxKernel) -> None:
    """Without this, the tests above could pass by a kernel that quietly came up at the lower level."""
    lists = Path("/sys/kernel/security/lsm")
    can = os.uname().sysname == "Linux" and (not lists.exists() or "landlock" in lists.read_text())
    assert kernel.isolation == ("confined" if can and _landlock() else "process")


def _landlock() -> bool:
    import ctypes

    return ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1) > 0
