// Which page: the address says.

import { home } from "./home.js";
import { review } from "./review.js";

const match = /^\/review\/([^/]+)$/.exec(location.pathname);
if (match) review(decodeURIComponent(match[1]));
else home();
