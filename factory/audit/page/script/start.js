// The page comes to life, and goes where its address says.

unpacked().then((data) => {
  const samples = samplesPart(data, data.place);
  figuresPart(data, (which) => "id" in which ? samples.open(which.id) : samples.filter(which));
  whatIfPart(data, (which) => samples.filter(which));

  function go() {
    const [, name, value] = /^#(sample|filter|figure)=(.*)$/s.exec(location.hash) || [];
    try {
      if (name === "sample") {
        if (!samples.open(decodeURIComponent(value))) document.getElementById("samples")?.scrollIntoView();
      } else if (name === "filter") {
        samples.filter(Object.fromEntries(value.split(",").map((one) => one.split(":").map(decodeURIComponent))));
      } else if (name === "figure") {
        const figure = document.getElementById(`figure=${decodeURIComponent(value)}`);
        figure?.scrollIntoView();
        figure?.focus({ preventScroll: true });
      }
    } catch (error) {
      if (!(error instanceof URIError)) throw error;  // an address that nobody wrote on purpose
    }
  }
  addEventListener("hashchange", go);
  go();
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
});
