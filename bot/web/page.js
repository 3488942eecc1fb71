// The chat as a page of its own.
import { chat } from './chat.js';

chat(document, '', () => {}).focus();
