//! A picture to take away: of the whole view or of one panel, with a legend and the link, as SVG or PNG.

use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::head::on_choice;
use super::legend::Legend;
use super::sheet::Sheet;
use crate::bridge::{page_address, save, save_png};
use crate::hooks::{Ui, use_ui};
use crate::picture::{Caption, Picture, picture};
use crate::state::Action;

/// The sheet over the page.
#[component]
pub fn PictureSheet(props: &super::Props) -> Html {
    let ui = use_ui();
    let views = use_memo((), |()| views());
    let taken = use_state(|| None::<Picture>);
    let said = use_state(String::new);
    let close = {
        let ui = ui.clone();
        Callback::from(move |()| ui.dispatch(Action::Over(None)))
    };
    {
        // What is beneath stands still while the sheet is over it, but for the theme.
        let (ui, taken) = (ui.clone(), taken.clone());
        let theme = gloo::utils::document_element().get_attribute("data-theme");
        use_effect_with((ui.pictured.clone(), theme), move |(what, _)| taken.set(take(&ui, what)));
    }
    let choose = {
        let views = views.clone();
        on_choice(&ui, move |i| views.get(i).map(|(id, _)| Action::Picture(id.clone())))
    };
    let name = file_name(&ui);
    let save_svg = {
        let (taken, name) = (taken.clone(), name.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(picture) = &*taken {
                save(&format!("{name}.svg"), "image/svg+xml", &picture.svg);
            }
        })
    };
    let save_png = {
        let (taken, said) = (taken.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(picture) = &*taken else { return };
            let said = said.clone();
            save_png(&format!("{name}.png"), picture, Callback::from(move |why: String| said.set(why)));
        })
    };
    let address =
        |picture: &Picture| format!("data:image/svg+xml;charset=utf-8,{}", js_sys::encode_uri_component(&picture.svg));
    html! {
        <Sheet id="picture" title="Picture" {close}>
            <div class="buttons">
                <label class="labelled">{ "of" }
                    <select aria-label="Picture of" onchange={choose}>
                        { for views.iter().map(|(id, name)| html! { <option selected={*id == ui.pictured}>{ name }</option> }) }
                    </select>
                </label>
                <button class="primary" onclick={save_svg}>{ "Save as SVG" }</button>
                <button class="primary" onclick={save_png}>{ "Save as PNG" }</button>
            </div>
            <p role="status" class="said">{ &*said }</p>
            if let Some(picture) = &*taken {
                <img src={address(picture)} alt="The picture as it will be saved" />
            }
            <h3>{ "Its legend" }</h3>
            <Legend moment={props.moment.clone()} />
        </Sheet>
    }
}

/// What there is to take a picture of: the id of each panel and its heading; the whole view first.
fn views() -> Vec<(String, String)> {
    let mut views = vec![(String::new(), "the whole view".to_owned())];
    let Ok(panels) = gloo::utils::document().query_selector_all(".app section.panel[id]") else { return views };
    let panels = (0..panels.length()).filter_map(|i| panels.item(i)).filter_map(|it| it.dyn_into::<Element>().ok());
    views.extend(panels.map(|panel| {
        let heading = panel.query_selector("h2").ok().flatten().and_then(|it| it.text_content());
        (panel.id(), heading.or(panel.get_attribute("aria-label")).unwrap_or_default())
    }));
    views
}

/// Takes the picture of a panel, or of the whole view.
fn take(ui: &Ui, what: &str) -> Option<Picture> {
    let document = gloo::utils::document();
    let whole = || document.query_selector(".app").ok().flatten();
    let part = document.get_element_by_id(what).or_else(whole)?;
    let legend = document.query_selector("#picture .legend").ok().flatten();
    let parts: Vec<Element> = [Some(part), legend].into_iter().flatten().collect();
    let report = &ui.moment.as_ref()?.report;
    let name = ui.stage.lesson.as_ref().map_or("", |lesson| lesson.id.as_str());
    let version = &ui.stage.version;
    let policy = crate::state::policy_in_words(ui.stage.policy);
    let title = format!("p2mscope: {name} {version}, locks: {policy}, step {} of {}", report.at, report.len);
    let link = ui.shared().filter(|shared| shared.fits);
    let link = link.map(|shared| format!("{}#{}", page_address(), shared.letters));
    Some(picture(&parts, &Caption { title, sentence: report.sentence.clone(), link }))
}

fn file_name(ui: &Ui) -> String {
    let name = ui.stage.lesson.as_ref().map_or("lesson", |lesson| lesson.id.as_str());
    let at = ui.moment.as_ref().map_or(0, |moment| moment.report.at);
    let what = if ui.pictured.is_empty() { "view" } else { &ui.pictured };
    format!("{name}-{what}-{at}")
}
