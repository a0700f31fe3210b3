// Charts, drawn by Chart.js on a canvas. What they show is always also in a table or in words beside them.

const drawn = new Set();
const colours = new Map();
const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

/** The colour that a custom property has in the present theme. Asking the browser makes it lay out anew, so each is asked once. */
export function colour(name) {
  if (!colours.has(name)) {
    probe.style.color = `var(--${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

/** The property of the n-th series; the rest is grey. */
export const seriesName = (index) => (index < 0 ? 'series-rest' : `series-${(index % 7) + 1}`);

function base(format) {
  const font = {family: getComputedStyle(document.body).fontFamily, size: 12};
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: {mode: 'index', intersect: false},
    scales: {
      x: {
        stacked: true,
        grid: {display: false},
        border: {color: colour('line')},
        ticks: {color: colour('muted'), font, maxRotation: 0, autoSkipPadding: 16},
      },
      y: {
        stacked: true,
        beginAtZero: true,
        grid: {color: colour('line')},
        border: {display: false},
        ticks: {color: colour('muted'), font, maxTicksLimit: 5, padding: 8, callback: (value) => format(value)},
      },
    },
    plugins: {
      legend: {display: false},
      tooltip: {
        backgroundColor: colour('tip'),
        titleColor: colour('tip-ink'),
        bodyColor: colour('tip-ink'),
        titleFont: {...font, weight: 600},
        bodyFont: font,
        padding: 10,
        cornerRadius: 6,
        boxWidth: 8,
        boxHeight: 8,
        boxPadding: 4,
        itemSort: (a, b) => b.raw?.y - a.raw?.y || b.raw - a.raw,
        filter: (item) => (item.raw?.y ?? item.raw) !== 0,
        callbacks: {label: (item) => ` ${item.dataset.label}: ${format(item.parsed.y)}`},
      },
    },
  };
}

/**
 * A chart that follows the theme. `make` returns Chart.js's configuration and is called again when the theme changes.
 * The label says in words what the picture shows.
 */
class Picture {
  constructor(label, make) {
    this.make = make;
    this.element = document.createElement('div');
    this.element.className = 'picture';
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', label);
    this.element.append(this.canvas);
    drawn.add(this);
    this.later(() => this.draw());
  }

  /** The page stays quick to answer while a chart is made: its frame and its data are tasks of their own, after what is there is shown. */
  draw() {
    this.chart?.destroy();
    this.chart = null;
    if (!this.element.isConnected) {
      drawn.delete(this);
      return;
    }
    const config = this.make();
    const datasets = config.data.datasets;
    config.data.datasets = [];
    this.canvas.style.setProperty('visibility', 'hidden');
    const chart = new window.Chart(this.canvas, config);
    this.chart = chart;
    this.later(() => {
      if (this.chart !== chart) return;
      chart.data.datasets = datasets;
      chart.update('none');
      this.canvas.style.removeProperty('visibility');
    });
  }

  later(task) {
    requestAnimationFrame(() => setTimeout(task));
  }
}

/** Draws all charts again in the colours of the present theme; forgets those that have left the page. */
export function redraw() {
  colours.clear();
  drawn.forEach((picture) => picture.draw());
}

/** Stacked bars: labels, and series of {name, values, index}; index -1 is the rest. */
export function bars(label, labels, series, format) {
  return new Picture(label, () => ({
    type: 'bar',
    data: {
      labels,
      datasets: series.map((one) => ({
        label: one.name,
        data: one.values,
        backgroundColor: colour(one.colour ?? seriesName(one.index)),
        categoryPercentage: 0.86,
        barPercentage: 1,
        maxBarThickness: 56,
      })),
    },
    options: base(format),
  })).element;
}

/** Lines over time: series of {name, points: [{x, y}], colour, dashed, fill}; x in epoch milliseconds. */
export function lines(label, series, format, time, [from, to]) {
  return new Picture(label, () => {
    const options = base(format);
    options.scales.x = {
      ...options.scales.x, type: 'linear', stacked: false, min: from, max: to,
      ticks: {...options.scales.x.ticks, maxTicksLimit: 8, callback: (value) => time(value)},
    };
    options.scales.y.stacked = false;
    options.interaction = {mode: 'nearest', axis: 'x', intersect: false};
    options.plugins.tooltip.callbacks.title = (items) => (items.length ? time(items[0].parsed.x) : '');
    return {
      type: 'line',
      data: {
        datasets: series.map((one) => ({
          label: one.name,
          data: one.points,
          borderColor: colour(one.colour),
          backgroundColor: one.fill ? colour(one.fill) : 'transparent',
          fill: one.fill ? 'origin' : false,
          borderDash: one.dashed ? [5, 5] : [],
          borderWidth: one.dashed ? 1.5 : 2,
          pointRadius: 0,
          pointHitRadius: 12,
          tension: 0,
        })),
      },
      options,
    };
  }).element;
}
