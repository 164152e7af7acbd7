"""What every live figure is made of: a player ends with its figure."""

from tests.reports.live.examples import example

COUNTED = """() => {
  window.running = new Set();
  const [begin, end] = [setInterval, clearInterval];
  window.setInterval = (...given) => { const id = begin(...given); window.running.add(id); return id; };
  window.clearInterval = (id) => { window.running.delete(id); end(id); };
}"""


def test_a_player_stops_when_its_figure_is_gone(show):
    with show(example("network")) as window:
        window.evaluate(COUNTED)
        window.get_by_role("button", name="Play").click()
        assert window.evaluate("window.running.size") == 1
        window.evaluate("document.querySelector('#live').replaceChildren()")
        window.wait_for_timeout(1000)  # a step takes 900 ms
        assert window.evaluate("window.running.size") == 0
