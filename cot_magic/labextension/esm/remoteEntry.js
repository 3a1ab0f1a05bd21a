/* The module-federation container of the extension, written by hand: it takes the packages that JupyterLab
 * shares and loads the modules next to it. The folder is not called `static`: servers mark files in a folder of
 * that name as immutable, but send others with `Cache-Control: no-cache`, so file names need no hash. */
(function () {
  'use strict';
  const NAME = 'cot-magic';
  const HERE = document.currentScript.src.replace(/[^/]*$/, '');
  const PACKAGES = {
    notebook: '@jupyterlab/notebook',
    apputils: '@jupyterlab/apputils',
    settings: '@jupyterlab/settingregistry',
    coreutils: '@jupyterlab/coreutils',
    widgets: '@lumino/widgets'
  };
  let scope = null;

  /** The newest version of a package that JupyterLab shares. */
  async function shared(name) {
    const versions = (scope && scope[name]) || {};
    const newest = Object.keys(versions)
      .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
      .pop();
    if (newest === undefined) throw new Error(`${NAME}: this front end does not share ${name}`);
    return (await versions[newest].get())();
  }

  /** All shared packages that the extension uses, by their short names. */
  async function packages() {
    const found = await Promise.all(Object.values(PACKAGES).map(shared));
    return Object.fromEntries(Object.keys(PACKAGES).map((key, place) => [key, found[place]]));
  }

  function style() {
    if (document.getElementById('cot-magic-style')) return;
    const link = document.createElement('link');
    Object.assign(link, { id: 'cot-magic-style', rel: 'stylesheet', href: HERE + 'cot.css' });
    document.head.appendChild(link);
  }

  const MODULES = {
    './extension': async () => (await import(HERE + 'plugin.js')).makePlugin(await packages()),
    './mimeExtension': async () => (await import(HERE + 'offer.js')).makeRenderer(await packages())
  };

  (window._JUPYTERLAB = window._JUPYTERLAB || {})[NAME] = {
    init(given) {
      scope = given;
    },
    async get(name) {
      if (!MODULES[name]) throw new Error(`${NAME}: there is no module ${name}`);
      style();
      const made = await MODULES[name]();
      return () => ({ __esModule: true, default: made });
    }
  };
})();
