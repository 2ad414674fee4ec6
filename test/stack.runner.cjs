const { default: TestRunner } = require('jest-runner');

/** Tests that share the one running stack: one file at a time, and time enough for a real Kafka and Temporal. */
module.exports = class StackRunner extends TestRunner {
  isSerial = true;

  constructor(globalConfig, context) {
    super({ ...globalConfig, testTimeout: 120_000 }, context);
  }
};
