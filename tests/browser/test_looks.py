"""How it looks and is reached: dark theme, keyboard, settings, and what stays without the extension."""

import urllib.request

SECTION = ".jp-OutputArea-output section, .jp-OutputArea-output details"


def contrast(page, selector: str) -> float:
    """The contrast of text and background of an element, as WCAG 2 defines it."""
    return page.eval_on_selector(
        selector,
        """node => {
          const parse = text => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => {
            const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
          };
          let behind = node;
          while (parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
          const a = light(parse(getComputedStyle(node).color));
          const b = light(parse(getComputedStyle(behind).backgroundColor));
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }""",
    )


def test_both_themes_and_the_keyboard(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "themes.ipynb").write(notebooks.SHOP).open()
    book.run_all()
    book.button("Insert both").wait_for(timeout=90_000)
    book.idle()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):  # the last one stays for other tests
        book.tell(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
        page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
        page.wait_for_timeout(700)  # the style sheet of the theme is loaded
        for button in (
            ".cot-Offer button:has-text('Insert fix')",
            ".cot-Offer button:has-text('Insert both')",
        ):
            assert contrast(page, button) >= 4.5, (theme, button)
        page.locator(SECTION).first.scroll_into_view_if_needed()
        page.screenshot(path=str(artefacts / f"{theme.lower().replace(' ', '-')}.png"))
    row = page.locator(".cot-Offer")
    assert (row.get_attribute("role"), row.get_attribute("aria-label")) == ("group", "CoT debugger")
    assert page.locator(".cot-Offer-said").get_attribute("role") == "status"
    book.button("Insert fix").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Insert tests"
    page.keyboard.press("Enter")
    book.has(6)
    assert book.tell("panel.content.activeCell.model.id") == book.cells()[4]["id"], (
        "the new cell has the focus"
    )


def test_palette_and_settings_list_it(page, lab, notebooks, artefacts) -> None:
    book = notebooks.Book(page, lab, "settings.ipynb").write(["1 / 0"]).open()
    book.run_cell(0)
    page.locator(".cot-Bar").wait_for()
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("with CoT")
    page.wait_for_selector(".lm-CommandPalette-itemLabel")
    labels = page.locator(".lm-CommandPalette-itemLabel").all_inner_texts()
    assert "Debug with CoT" in labels
    assert len([label for label in labels if label.startswith("Debug with CoT (cot")]) == 3
    page.keyboard.press("Escape")
    book.tell("window.jupyterapp.commands.execute('settingeditor:open', {query: 'CoT debugger'})")
    offer = page.get_by_label("Offer on errors")
    offer.wait_for()
    page.screenshot(path=str(artefacts / "settings.png"))
    offer.uncheck()
    page.locator(".cot-Bar").wait_for(state="detached")
    offer.check()
    page.locator(".cot-Bar").wait_for(state="attached")


def test_browsers_ask_each_time_whether_the_files_have_changed(lab) -> None:
    address, _ = lab
    for name in ("remoteEntry.js", "plugin.js", "cot.css"):
        with urllib.request.urlopen(f"{address}/lab/extensions/cot-magic/esm/{name}") as reply:
            assert reply.headers["Cache-Control"] == "no-cache"


def test_without_the_extension_widgets_do_what_a_kernel_can(page, lab, notebooks, artefacts) -> None:
    page.route("**/cot-magic/esm/**", lambda route: route.abort())
    book = notebooks.Book(page, lab, "plain.ipynb").write([*notebooks.SHOP, "%cot_insert fix"]).open()
    book.run_all()
    page.wait_for_selector("button:has-text('Insert both')", timeout=90_000)
    assert page.locator(".cot-Offer, .cot-Bar").count() == 0
    for label in ("Insert fix", "Insert tests", "Insert both", "Undo"):
        assert page.locator(f".widget-button:has-text('{label}')").count() == 1, label
    page.screenshot(path=str(artefacts / "without-extension.png"))
    book.idle()
    book.run_cell(4)
    book.has(6)
    assert 'order["total"]' in book.sources()[5]
