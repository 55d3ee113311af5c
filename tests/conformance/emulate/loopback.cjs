// Loaded before a server that would listen on all interfaces: it listens on a free port of the loopback, and says which.
const net = require("node:net");

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...given) {
  this.once("listening", () => console.log(`listening on http://127.0.0.1:${this.address().port}`));
  return listen.call(this, 0, "127.0.0.1", ...given.filter((each) => typeof each === "function"));
};
