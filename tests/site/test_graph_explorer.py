"""The graph explorer on its built page: its numbers against PyTorch's, its steps, its controls."""

import numpy as np
import pytest
import torch

from tests.site import test_widgets as shared

GRAPH, PHONE, data_of = shared.GRAPH, shared.PHONE, shared.data_of
visit, kept_page, opened = shared.visit, shared.kept_page, shared.opened  # fixtures

UNARY = {"exp": torch.exp, "log": torch.log, "tanh": torch.tanh}
BINARY = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}


def by_torch(nodes, leaves):
    """Value and gradient of every node, by name, from PyTorch's autograd in double precision."""
    results = []
    for node in nodes:
        x = [results[p] for p in node["parents"]]
        if not node["op"]:
            number = leaves[node["name"]]
            result = torch.tensor(number, dtype=torch.float64, requires_grad=True)
        elif node["op"] in UNARY:
            result = UNARY[node["op"]](*x)
        elif node["op"] in BINARY:
            result = BINARY[node["op"]](*x)
        else:
            result = x[0] ** float(node["op"].removeprefix("**"))
        result.retain_grad()
        results.append(result)
    results[-1].backward()
    return {n["name"]: (r.item(), r.grad.item()) for n, r in zip(nodes, results)}


def shown(page):
    """What the picture holds: value and gradient of every node, None where there is none yet."""
    found = page.locator(".ge-node").evaluate_all(
        "all => all.map(e => [e.dataset.name, e.dataset.value, e.dataset.grad])"
    )
    return {n: tuple(float(x) if x else None for x in rest) for n, *rest in found}


def choose(page, index):
    page.get_by_role("combobox").select_option(str(index))


def type_in(page, name, number):
    field = page.get_by_role("spinbutton", name=f"Value of {name}, typed")
    field.fill(str(number))
    field.press("Enter")


def leaves_of(nodes):
    return {node["name"]: node["value"] for node in nodes if not node["op"]}


def test_its_numbers_are_those_of_the_run(opened):
    page = opened(GRAPH)
    for index, graph in enumerate(data_of(page)["graphs"]):
        choose(page, index)
        nodes = graph["nodes"]
        expected = {n["name"]: (n["value"], n["grad"]) for n in nodes}
        found, oracle = shown(page), by_torch(nodes, leaves_of(nodes))
        assert found.keys() == expected.keys() == oracle.keys()
        for name in found:
            assert found[name] == pytest.approx(expected[name], abs=1e-9)
            assert found[name] == pytest.approx(oracle[name], abs=1e-6)


def test_changed_inputs_give_pytorchs_numbers(opened):
    page = opened(GRAPH)
    random = np.random.default_rng(0)
    for index, graph in enumerate(data_of(page)["graphs"]):
        choose(page, index)
        nodes = graph["nodes"]
        for _ in range(3):
            leaves = {}
            for node in nodes:
                if node["range"]:
                    leaves[node["name"]] = round(float(random.uniform(*node["range"])), 3)
                    type_in(page, node["name"], leaves[node["name"]])
            found, oracle = shown(page), by_torch(nodes, leaves)
            for name in found:
                assert found[name] == pytest.approx(oracle[name], rel=1e-6, abs=1e-6), leaves


def test_a_slider_changes_its_input_and_the_field_stays_in_range(opened):
    page = opened(GRAPH)
    slider = page.get_by_role("slider", name="Value of a", exact=True)
    slider.press("End")
    high = data_of(page)["graphs"][0]["nodes"][0]["range"][1]
    assert shown(page)["a"][0] == high
    slider.press("ArrowLeft")
    assert shown(page)["a"][0] == pytest.approx(high - 0.05)
    type_in(page, "a", 1000)
    assert shown(page)["a"][0] == high
    page.get_by_role("button", name="Reset").click()
    assert shown(page)["a"][0] == pytest.approx(np.log(3))


def test_the_walk_fills_values_forwards_and_gradients_backwards(opened):
    page = opened(GRAPH)
    nodes = data_of(page)["graphs"][0]["nodes"]
    operations = [node["name"] for node in nodes if node["op"]]
    final = shown(page)
    page.get_by_role("button", name="Start").click()
    for step in range(2 * len(operations) + 2):
        found = shown(page)
        known = operations[:step]
        for node in nodes:
            value, _ = found[node["name"]]
            there = not node["op"] or node["name"] in known
            assert value == (final[node["name"]][0] if there else None)
        assert (found["L"][1] == 1) == (step > len(operations))
        if step <= len(operations):
            assert not any(grad for _, grad in found.values())
        page.get_by_role("button", name="Next").click()
    assert page.get_by_role("slider", name="Step").input_value() == "0"  # beyond the end: again
    page.get_by_role("button", name="End").click()
    assert shown(page) == final


def test_a_shared_node_collects_one_contribution_after_the_other(opened):
    page = opened(GRAPH)
    page.get_by_role("button", name="Start").click()
    seen = []
    for _ in range(11):
        page.get_by_role("button", name="Next").click()
        seen.append(shown(page)["a"][1])
    contributions = [grad for grad in dict.fromkeys(seen) if grad is not None]
    assert contributions == pytest.approx([-1, -0.25])


def test_the_account_shows_slope_times_incoming(opened):
    page = opened(GRAPH)
    page.get_by_role("slider", name="Step").press("Home")
    account = page.locator(".ge-account")
    assert "nothing is computed yet" in account.inner_text()
    texts = []
    for _ in range(11):
        page.get_by_role("slider", name="Step").press("ArrowRight")
        texts.append(account.inner_text())
    assert "p = exp a = exp 1.099 = 3.000" in "".join(texts[:5])
    assert "L = l − a = 1.386 − 1.099 = 0.288" in texts[4]
    assert "∂L/∂L = 1" in texts[5]
    assert "slope = 1/s = 0.250, times 1.000 is 0.250" in "".join(texts[6:])
    assert "with −1.000 from before that makes −0.250" in "".join(texts[6:])
    status = page.locator("[role=status]", has_text="operation 5 of 5")
    status.wait_for(state="attached")


def test_the_keyboard_reaches_every_control(opened):
    page = opened(GRAPH)
    page.get_by_role("combobox").focus()
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText")
        )
    buttons = ["Reset", "Start", "Back", "Next", "End", "Step"]
    assert reached[:6] == buttons
    inputs = ["Value of a", "Value of a, typed", "Value of b", "Value of b, typed"]
    assert reached[6:] == inputs
    page.get_by_role("button", name="Back").press("Enter")
    assert page.get_by_role("slider", name="Step").get_attribute("aria-valuetext").startswith("10")


def test_touch_steps_through_it(opened):
    page = opened(GRAPH, phone=True)
    page.get_by_role("button", name="Start").tap()
    page.get_by_role("button", name="Next").tap()
    assert sum(value is None for value, _ in shown(page).values()) == 4
    for field in page.get_by_role("spinbutton").all():
        box = field.bounding_box()
        assert box["height"] >= 44 and box["x"] + box["width"] <= PHONE["viewport"]["width"]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_no_graph_and_no_step_changes_the_height(phone, opened):
    page = opened(GRAPH, phone)
    figure = page.locator(".book-widget")
    height = figure.evaluate("e => e.offsetHeight")
    for index in range(len(data_of(page)["graphs"])):
        choose(page, index)
        for _ in range(20):
            assert figure.evaluate("e => e.offsetHeight") == height
            page.get_by_role("button", name="Back").click()


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_boxes_do_not_overlap_and_stay_inside(phone, opened):
    page = opened(GRAPH, phone)
    for index in range(len(data_of(page)["graphs"])):
        choose(page, index)
        frame = page.locator(".ge-picture").bounding_box()
        boxes = [r.bounding_box() for r in page.locator(".ge-node rect").all()]
        for i, a in enumerate(boxes):
            assert a["x"] >= frame["x"] and a["x"] + a["width"] <= frame["x"] + frame["width"]
            for b in boxes[:i]:
                apart = abs(a["x"] - b["x"]) >= a["width"] or abs(a["y"] - b["y"]) >= a["height"]
                assert apart, (a, b)


def test_the_picture_says_what_it_shows(opened):
    page = opened(GRAPH)
    label = page.locator(".ge-picture").get_attribute("aria-label")
    assert "L = log(exp a + exp b) − a" in label and "a 1.099, gradient −0.250" in label
    page.get_by_role("button", name="Start").click()
    assert "L not yet computed" in page.locator(".ge-picture").get_attribute("aria-label")


def test_nothing_in_it_moves_by_itself(opened):
    page = opened(GRAPH)
    durations = page.locator(".widget-body *").evaluate_all(
        "all => all.map(e => getComputedStyle(e))"
        ".flatMap(style => [style.transitionDuration, style.animationName])"
    )
    assert set(durations) <= {"0s", "none"}
