/** What the demo camera sees: drawn, so that no picture of anybody is in this page. */
const WIDTH = 640;
const HEIGHT = 360;
const GROUND = 250;

/** A JPEG of a yard at this hour with somebody in it; `who` is cat, person, courier or owl. */
export function snapshot(who, hour, stamp) {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const pen = canvas.getContext("2d");
  // At night such a camera sees infrared, which has no colours.
  const night = hour < 6 || hour >= 20;
  drawYard(pen, night);
  const across = 120 + ((hour * 67) % 250);
  FIGURES[who](pen, across, night);
  if (night) grey(pen);
  grain(pen, night ? 26 : 9);
  caption(pen, stamp);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
}

function drawYard(pen, night) {
  const sky = pen.createLinearGradient(0, 0, 0, GROUND);
  sky.addColorStop(0, night ? "#141a26" : "#8fbde0");
  sky.addColorStop(1, night ? "#3a4356" : "#e8efe6");
  fill(pen, sky, 0, 0, WIDTH, HEIGHT);
  fill(pen, night ? "#4a5148" : "#8aa877", 0, GROUND - 30, WIDTH, HEIGHT);
  for (let x = -10; x < 430; x += 26) fill(pen, night ? "#6c6a66" : "#b99a73", x, GROUND - 78, 18, 60);
  fill(pen, night ? "#5d5b58" : "#a3845e", 0, GROUND - 58, 430, 7);
  path(pen, night ? "#85827c" : "#cfc5b2", [[250, HEIGHT], [400, GROUND - 20], [500, GROUND - 20], [520, HEIGHT]]);
  disc(pen, night ? "#3c443a" : "#5f8a58", 62, 118, 74);
  disc(pen, night ? "#454d42" : "#6f9a66", 112, 150, 52);
  fill(pen, night ? "#45403a" : "#6f5640", 74, 170, 18, 90);
  fill(pen, night ? "#8a8782" : "#e3d9c6", 430, 40, 210, 200);
  path(pen, night ? "#4a4746" : "#93594a", [[410, 46], [480, 0], [WIDTH, 0], [WIDTH, 46]]);
  fill(pen, night ? "#55504b" : "#0f6b66", 456, 120, 62, 120);
  disc(pen, "#e8d9a8", 508, 182, 4);
  fill(pen, night ? "#f3ecd2" : "#b8d0dc", 552, 96, 62, 54);
  fill(pen, night ? "#8a8782" : "#e3d9c6", 581, 96, 4, 54);
}

const FIGURES = {
  cat(pen, x, night) {
    const coat = night ? "#d9d6cf" : "#4b4038";
    oval(pen, coat, x, 306, 40, 17);
    disc(pen, coat, x + 40, 288, 15);
    path(pen, coat, [[x + 27, 284], [x + 30, 264], [x + 39, 277]]);
    path(pen, coat, [[x + 42, 276], [x + 52, 264], [x + 54, 284]]);
    for (const leg of [-28, -14, 16, 29]) fill(pen, coat, x + leg, 308, 7, 26);
    curve(pen, coat, [x - 36, 302], [x - 72, 292], [x - 62, 250]);
  },
  person(pen, x, night) {
    walker(pen, x, night ? "#c9c5be" : "#3c5a80", night ? "#8f8b85" : "#2c2f38", night);
  },
  courier(pen, x, night) {
    walker(pen, x + 60, night ? "#c2beb6" : "#b5562f", night ? "#8f8b85" : "#33363f", night);
    fill(pen, night ? "#aaa69e" : "#c79a5b", x + 72, 222, 44, 34);
    fill(pen, night ? "#87837c" : "#9c7440", x + 91, 222, 6, 34);
  },
  owl(pen, x, night) {
    const coat = night ? "#bdb9b0" : "#7d6650";
    oval(pen, coat, x, 166, 19, 27);
    disc(pen, coat, x, 140, 18);
    for (const side of [-1, 1]) {
      path(pen, coat, [[x + side * 17, 136], [x + side * 17, 114], [x + side * 4, 126]]);
      disc(pen, "#fffbe8", x + side * 7, 139, 7);
      disc(pen, "#15181d", x + side * 7, 139, 3);
    }
  },
};

function walker(pen, x, coat, trousers, night) {
  disc(pen, night ? "#e6e2da" : "#d6ab88", x, 168, 17);
  oval(pen, trousers, x, 156, 17, 9);
  pen.fillStyle = coat;
  pen.beginPath();
  pen.roundRect(x - 24, 186, 48, 74, 16);
  pen.fill();
  path(pen, trousers, [[x - 20, 252], [x + 2, 252], [x - 8, 334], [x - 24, 334]]);
  path(pen, trousers, [[x - 2, 252], [x + 20, 252], [x + 28, 334], [x + 12, 334]]);
}

function fill(pen, colour, ...place) {
  pen.fillStyle = colour;
  pen.fillRect(...place);
}

function oval(pen, colour, x, y, wide, high) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.ellipse(x, y, wide, high, 0, 0, 7);
  pen.fill();
}

const disc = (pen, colour, x, y, radius) => oval(pen, colour, x, y, radius, radius);

function path(pen, colour, points) {
  pen.fillStyle = colour;
  pen.beginPath();
  for (const point of points) pen.lineTo(...point);
  pen.fill();
}

function curve(pen, colour, from, by, to) {
  pen.strokeStyle = colour;
  pen.lineWidth = 9;
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(...from);
  pen.quadraticCurveTo(...by, ...to);
  pen.stroke();
}

function grey(pen) {
  pen.globalCompositeOperation = "saturation";
  fill(pen, "#808080", 0, 0, WIDTH, HEIGHT);
  pen.globalCompositeOperation = "source-over";
}

/** A sensor's noise: it makes each picture one of its own, and larger than the smallest that the cloud takes. */
function grain(pen, strength) {
  const image = pen.getImageData(0, 0, WIDTH, HEIGHT);
  for (let at = 0; at < image.data.length; at += 4) {
    const noise = (Math.random() - 0.5) * strength;
    for (let channel = 0; channel < 3; channel++) image.data[at + channel] += noise;
  }
  pen.putImageData(image, 0, 0);
}

function caption(pen, stamp) {
  fill(pen, "rgba(0, 0, 0, .5)", 12, 12, 226, 28);
  pen.fillStyle = "#fff";
  pen.font = "16px monospace";
  pen.fillText(stamp, 22, 31);
}
