/** How long and how deep code may grow; the linter and the tidy test read the same numbers. */
export const limits = { fileLines: 300, testFileLines: 500, functionLines: 70, nesting: 3 };
