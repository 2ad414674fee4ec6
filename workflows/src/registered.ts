/** The workflows that the worker hosts: the bundle's entry. */
export { conversation } from './conversation.workflow.js';
