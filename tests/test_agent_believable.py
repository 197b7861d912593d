"""The checks on what a real kernel brings back: quiet about good code, loud about bad; their rates are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from agent_room import open_shop

from csvagent_jupyter.agent.checks import check
from csvagent_jupyter.agent.desk import Workplace
from csvagent_jupyter.tables import read_table

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = """region,product,amount,price,day,shop
North,Desk,10,2.5,2024-01-02,1
South,Lamp,20,4.0,2024-01-12,2
North,Lamp,5,3.9,2024-02-01,1
East,Desk,7,2.4,2024-02-11,3
South,Desk,1,2.6,2024-03-05,2
East,Rug,12,9.9,2024-03-09,9
"""
GOOD = [
    "print(len(df))\nlen(df)",
    "by = df.groupby('region')['amount'].sum()\nprint(by.idxmax())\nby",
    "by = df.groupby('region')['amount'].sum()\nby.plot.bar(title='Amount')\nprint('x')\nby",
    "by = df.groupby('region')['amount'].sum().sort_values()\nby.plot.barh(title='Amount')\nprint('x')\nby",
    "by = df.groupby('region')['amount'].sum()\nplt.pie(by, labels=by.index)\nprint('x')\nby",
    "m = df.groupby(df['day'].dt.to_period('M'))['amount'].sum()\nm.plot(title='By month')\nprint('x')\nm",
    "m = df.set_index('day')['amount'].resample('ME').sum()\nplt.plot(m.index, m)\nprint('x')\nm",
    "fig, ax = plt.subplots()\nax.hist(df['price'], bins=5)\nprint('x')\ndf['price'].describe()",
    "df.plot.scatter('amount', 'price')\nprint(df['amount'].corr(df['price']))",
    "df.boxplot(column='price', by='region')\nprint('x')",
    "t = df.pivot_table(index='region', columns='product', values='amount', aggfunc='sum')\nprint('x')\nt",
    "t = df.pivot_table(index='region', values='amount', aggfunc='sum', margins=True, margins_name='Total')\n"
    "print('x')\nt",
    "t = df.pivot_table(index='region', values='price', aggfunc='mean', margins=True, margins_name='Total')\n"
    "t.columns = ['mean price']\nprint('x')\nt",
    "s = df.groupby('region')['amount'].sum()\ns = (100 * s / s.sum()).round(1)\ns.plot.bar()\nprint('x')\ns",
    "s = df.groupby('region')['amount'].sum()\n(s / 1000).plot.bar()\nprint('x')\ns",
    "s = df.sort_values('day').set_index('day')['amount']\ns.cumsum().plot()\nprint('x')\ns",
    "names = pd.DataFrame({'shop': [1, 2, 3, 9], 'town': list('abcd')})\nprint(len(df.merge(names, on='shop')))",
    "names = pd.DataFrame({'shop': [1, 2, 3, 9, 11], 'town': list('abcde')})\nprint(len(df.merge(names, how='left')))",
    "late = df[df['day'] > '2030-01-01']\nprint('None.' if late.empty else len(late))",
    "print(df['amount'].isna().sum())\ndf.isna().sum()",
    "top = df.nlargest(3, 'amount')[['product', 'amount']]\ntop.plot.bar(x='product', y='amount')\nprint('x')\ntop",
    "c = df[['amount', 'price']].corr()\nplt.imshow(c)\nprint('x')\nc",
]
BAD = {
    "df[df['region'] == 'north']": "check_empty",
    "df['amount'].where(df['amount'] > 99)": "check_missing",
    "x = 1": "check_nothing",
    "fig, ax = plt.subplots()\nax.axis('off')\nprint('drawn')": "check_no_ink",
    "fig, ax = plt.subplots()\nax.plot([], [])\nprint('drawn')": "check_no_data",
    "print(len(df.merge(df, on='region')))": "check_join",
    "print(df.assign(region=df['region'].where(df['shop'] < 3)).groupby('region').size())": "loss_missing",
    "print(pd.to_datetime(df['region'], errors='coerce').isna().all())": "loss_date",
    "print(df.merge(pd.DataFrame({'shop': [1]}), on='shop')['amount'].sum())": "loss_join",
    "pd.DataFrame({'region': ['a', 'b', 'Total'], 'n': [1, 2, 4]})": "check_total",
    "t = pd.DataFrame({'region': ['a', 'b', 'c'], 'n': [10, 20, 30]})\nfig, ax = plt.subplots()\n"
    "ax.bar(['a', 'b', 'c'], [10, 20, 36])\nprint('x')\nt": "check_chart",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workplace]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "shops.csv").write_text(ROWS)
    read_table(folder / "shops.csv").write_arrow(folder / "shops.arrow")
    async with open_shop(folder) as shop:
        place = await shop.place()
        await place.kernel.load({"shops": Path(folder / "shops.arrow")})
        yield place


async def findings(place: Workplace, code: str) -> list[str]:
    execution = await place.kernel.execute(code, timeout=30, keep=False)
    assert execution.error is None, execution.error
    return [finding.key for finding in check(execution, code)]


async def test_good_code_raises_no_alarm(place: Workplace) -> None:
    alarms = {code: keys for code in GOOD if (keys := await findings(place, code))}
    assert len(alarms) / len(GOOD) == 0, alarms  # measured: 0 of 22


@pytest.mark.parametrize(("code", "key"), BAD.items())
async def test_bad_code_is_found_out(code: str, key: str, place: Workplace) -> None:
    assert key in await findings(place, code)
