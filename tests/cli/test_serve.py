"""`clearsight serve`: what is refused before anything listens. The server itself: tests/serving/."""


def test_wrong_words_are_said_in_a_line(clearsight, tmp_path):
    (tmp_path / "token").write_text("short")
    for words, code, says in (
        (("none",), 1, "none"),
        (("none", "--host", "0.0.0.0"), 2, "--token-file"),
        (("none", "--token-file", "token"), 1, "openssl rand"),
        (("a/pets", "b/pets"), 2, "two models are called pets"),
    ):
        said = clearsight("serve", *words, "--port", "0")
        assert said.code in (code, 2) and says in said.err and "Traceback" not in said.err and not said.out


def test_help_names_the_limits(clearsight):
    said = clearsight("serve", "--help")
    assert said.code == 0 and all(word in said.out for word in ("--queue", "--deadline", "--token-file", "--isolate"))
