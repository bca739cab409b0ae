// Ends the run with the names of the tests that failed, and one line that `make test` can add up.
import type { FullResult, Reporter, Suite, TestError } from '@playwright/test/reporter';

/** A fault in one line: what was expected, what was there, and the lines of ours that led to it, the innermost first. */
function what(error?: TestError): string {
  const lines = (text?: string) => (text ?? '').replace(/\x1b\[[0-9;]*m/g, '').split('\n');
  const told = lines(error?.message);
  const compared = told.filter((line) => /^(Expected|Received)\b/.test(line)).map((line) => line.replace(/ +/g, ' ').slice(0, 200));
  const at = lines(error?.stack).flatMap((line) => /end2end\/((?!node_modules)\S+\.ts:\d+)/.exec(line)?.[1] ?? []);
  return [told[0], ...compared, at.length > 0 ? `at ${at.join(' < ')}` : ''].filter(Boolean).join(' · ');
}

export default class Count implements Reporter {
  private suite?: Suite;

  onBegin(_: unknown, suite: Suite) {
    this.suite = suite;
  }

  onEnd(result: FullResult) {
    const tests = this.suite?.allTests() ?? [];
    for (const test of tests.filter((test) => test.outcome() === 'unexpected')) {
      // The first part of the path is empty.
      console.log(`failed test: ${test.titlePath().slice(1).join(' › ')}: ${what(test.results.at(-1)?.error)}`);
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
