import { describe, expect, it } from 'vitest';
import { formatDay, parseDay } from '../../src/data/calendar.js';

describe('parseDay', () => {
  const day = Date.UTC(1997, 0, 5) / 86_400_000;

  it.each([
    '19970105',
    '1997-01-05',
    '1997-1-5',
    '1997/01/05',
    '1997-01-05T23:59:59Z',
    '1997-01-05t07:45',
    '1997-01-05 00:00:00.123+02:00',
    '1997-01-05  9:30:00 PM',
    '19970105 12:00 UTC',
    '1997/01/05 12:00:00 -0500',
  ])('reads %s', (text) => {
    expect(parseDay(text)).toBe(day);
  });

  it.each([
    '1997-02-29',
    '1997-02-30',
    '19970431',
    '1997-13-01',
    '1997/00/10',
    '1997-01-00',
    '1900-02-29',
    '0097-01-01',
  ])('knows that %s does not exist', (text) => {
    expect(parseDay(text)).toEqual({ problem: `the date '${text}' does not exist` });
  });

  it.each([
    '03/04/1997',
    '3.4.1997',
    '97-01-05',
    '1997-0105',
    '1997-01/05',
    'today',
    '',
    '1997-01-05 25:00',
    '852422400',
  ])('does not guess at %j', (text) => {
    const parsed = parseDay(text) as { problem: string };
    expect(parsed.problem).toContain(`the date '${text}' is in none of the formats that are read`);
    expect(parsed.problem).toContain('YYYYMMDD, YYYY-MM-DD and YYYY/MM/DD');
  });

  it('knows leap years', () => {
    for (const year of ['1996', '2000', '2024']) expect(parseDay(`${year}-02-29`)).toBeTypeOf('number');
  });

  it('is undone by formatDay, for every day of four centuries', () => {
    const first = parseDay('1800-01-01') as number;
    const last = parseDay('2200-12-31') as number;
    for (let each = first; each <= last; each += 1) {
      if (parseDay(formatDay(each)) !== each) expect(parseDay(formatDay(each))).toBe(each);
    }
    expect(last - first).toBe(146_461);
  });
});
