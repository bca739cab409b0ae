// Ends the run with the names of the tests that failed, and one line that `make test` can add up.
import type { FullResult, Reporter, Suite } from '@playwright/test/reporter';

export default class Count implements Reporter {
  private suite?: Suite;

  onBegin(_: unknown, suite: Suite) {
    this.suite = suite;
  }

  onEnd(result: FullResult) {
    const tests = this.suite?.allTests() ?? [];
    for (const test of tests.filter((test) => test.outcome() === 'unexpected')) {
      const first = test.results.at(-1)?.error?.message?.split('\n')[0] ?? '';
      // The first part of the path is empty.
      console.log(`failed test: ${test.titlePath().slice(1).join(' › ')}: ${first}`);
    }
    const outcomes = tests.map((test) => test.outcome());
    const flaky = outcomes.filter((outcome) => outcome === 'flaky').length;
    const passed = outcomes.filter((outcome) => outcome === 'expected').length + flaky;
    const failed = outcomes.filter((outcome) => outcome === 'unexpected').length;
    const skipped = outcomes.filter((outcome) => outcome === 'skipped').length;
    const broken = failed === 0 && result.status !== 'passed' ? 1 : 0;
    console.log(`\ntests: ${passed} passed, ${failed + broken} failed (${skipped} left out, ${flaky} only at the second try)`);
  }

  printsToStdio() {
    return false;
  }
}
