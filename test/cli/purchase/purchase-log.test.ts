import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinLogs, type PurchaseLog, readPurchaseLog } from '../../../src/cli/purchase/purchase-log.js';
import { ConfigError, DataError, FormatError, LonghandError } from '../../../src/core/errors.js';
import { formatDay } from '../../../src/data/calendar.js';

const read = (text: string, columns?: Parameters<typeof readPurchaseLog>[2]) =>
  readPurchaseLog(text, 'log.csv', columns);

/** A log as plain [id, date, amount] rows. */
function rowsOf(log: PurchaseLog): [string, string, number][] {
  return log.customers.flatMap((id, customer) => {
    const [start, end] = [log.offsets[customer] as number, log.offsets[customer + 1] as number];
    return Array.from({ length: end - start }, (_, i): [string, string, number] => [
      id,
      formatDay(log.firstDate + (log.days[start + i] as number)),
      log.amounts[start + i] as number,
    ]);
  });
}

const EXPECTED = [
  ['a', '2024-01-02', 3],
  ['a', '2024-02-01', 0],
  ['b', '2024-01-01', 10.5],
];

describe('readPurchaseLog', () => {
  it('groups by customer and day, sums a day, and sorts', () => {
    const log = read(
      'customer_id,date,amount\nb,2024-01-01,10.5\na,2024-02-01,0\na,2024-01-02,1\na,2024-01-02,2\n',
    );
    expect(rowsOf(log)).toEqual(EXPECTED);
    expect(log).toMatchObject({ customers: ['a', 'b'], records: 4, returns: 0, length: 32 });
    expect(formatDay(log.firstDate)).toBe('2024-01-01');
    expect([...log.offsets]).toEqual([0, 2, 3]);
    expect([...log.days]).toEqual([1, 31, 0]);
  });

  it.each([
    [
      'a byte-order mark and CRLF',
      '\ufeffCustomerID,InvoiceDate,Total\r\na,2024-01-02,3\r\na,2024-02-01,0\r\nb,2024-01-01,10.5\r\n',
    ],
    [
      'semicolons and decimal commas',
      'Client;Order Date;Revenue\na;2024/01/02;3,0\na;2024/02/01;0\nb;2024/01/01;10,5',
    ],
    [
      'tabs and times',
      'user\ttimestamp\tvalue\na\t2024-01-02T10:00:00Z\t3\na\t2024-02-01 23:59\t0\nb\t20240101 00:00\t1.05e1',
    ],
    [
      'quotes and spaces',
      '"Customer ID", purchased_at , PRICE\n"a","2024-01-02", 3\n a ,2024-02-01,"0"\nb,2024-01-01,+10.50',
    ],
    [
      'other columns between',
      'x,total_price,y,order_date,buyer\n1,3,,2024-01-02,a\n2,0,,2024-02-01,a\n3,10.5,,2024-01-01,b',
    ],
    [
      'the layout of CDNOW',
      ' customer_id  date number_of_cds  dollar_value\n a 20240102  1   3.00\n a 20240201  1    0.00\n b 20240101  2   10.50\n',
    ],
    [
      'the layout of CDNOW without a header',
      ' a 20240102  1   3.00\r\n a 20240201  1    0.00\r\n b 20240101  2   10.50\r\n',
    ],
    [
      'the layout of the CDNOW sample',
      ' a 0001 20240102  1   3.00\n a 0001 20240201  1    0.00\n b 0002 20240101  2   10.50\n',
    ],
  ])('reads %s', (_, text) => {
    expect(rowsOf(read(text))).toEqual(EXPECTED);
  });

  it('takes columns by the names it is given, in any case', () => {
    const text = 'date,who,when,paid,amount\n?,a,2024-01-02,3,?\n?,a,2024-02-01,0,?\n?,b,2024-01-01,10.5,?';
    const log = read(text, { customer: 'Who', date: 'when', amount: 'paid' });
    expect(rowsOf(log)).toEqual(EXPECTED);
    expect(log.columns).toEqual({ customer: 'who', date: 'when', amount: 'paid' });
  });

  it('leaves out returns and counts them', () => {
    const log = read(
      'customer,date,amount\na,2024-01-02,3\na,2024-01-05,-3\nc,2023-01-05,-1\na,2024-02-01,0\nb,2024-01-01,10.5',
    );
    expect(rowsOf(log)).toEqual(EXPECTED);
    expect(log).toMatchObject({ records: 3, returns: 2 });
  });

  it('keeps ids apart that are like names of an object, and orders them by their characters', () => {
    const log = read(
      'customer,date,amount\n__proto__,2024-01-01,1\nB,2024-01-01,1\na,2024-01-01,1\n10,2024-01-01,1\n9,2024-01-01,1',
    );
    expect(log.customers).toEqual(['10', '9', 'B', '__proto__', 'a']);
  });

  it('does not depend on the order of the rows', () => {
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(18), fc.nat(9));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const line = ([id, day, amount]: (typeof rows)[number]) => `${id},2024-02-${10 + day},${amount}`;
        const logOf = (some: typeof rows) => read(['customer,date,amount', ...some.map(line)].join('\n'));
        expect(logOf([...rows].reverse())).toEqual(logOf(rows));
      }),
    );
  });

  const header = 'customer,date,amount\n';
  it.each([
    ['', FormatError, 'log.csv is empty'],
    [' \n\r\n', FormatError, 'log.csv is empty'],
    [header, DataError, 'log.csv has a header but no purchase below it'],
    [
      'a,b,c\n1,2,3',
      FormatError,
      "no column for the customer is to be found in the header 'a, b, c'; name the three columns with --columns",
    ],
    ['customer,b,amount\n1,2,3', FormatError, 'no column for the date'],
    ['customer,date,b\n1,2,3', FormatError, 'no column for the amount'],
    ['customer,date,amount,Amount\n1,2,3,4', FormatError, "two columns called 'amount'"],
    [
      `${header}a,2024-01-01,1\na,2024-01-02`,
      DataError,
      'log.csv, line 3: 2 fields under a header of 3; correct the row or take it out: a,2024-01-02',
    ],
    [`${header}a,2024-01-01,1,234.50`, DataError, 'line 2: 4 fields under a header of 3'],
    [
      `${header}a,2024-02-30,1`,
      DataError,
      "log.csv, line 2: the date '2024-02-30' does not exist; correct the row or take it out: a,2024-02-30,1",
    ],
    [
      `${header}a,03/04/1997,1`,
      DataError,
      "the date '03/04/1997' is in none of the formats that are read (YYYYMMDD",
    ],
    [
      `${header}\n\na,2024-01-01,free`,
      DataError,
      "line 4: the amount 'free' is not a plain number such as 11.77",
    ],
    [`${header}a,2024-01-01,$5`, DataError, "the amount '$5'"],
    [`${header}a,2024-01-01,"1,234"`, DataError, "the amount '1,234'"],
    [`${header}a,2024-01-01,`, DataError, "the amount ''"],
    [`${header}a,2024-01-01,NaN`, DataError, "the amount 'NaN'"],
    [`${header}a,2024-01-01,1e999`, DataError, "the amount '1e999'"],
    [`${header}a,2024-01-01,0x10`, DataError, "the amount '0x10'"],
    [`${header} ,2024-01-01,1`, DataError, 'line 2: no customer, so that nobody knows who bought'],
    [
      `${header}a,2024-01-01,1\na,2204-01-01,1`,
      DataError,
      'line 3: the date is more than fifty years from 2024-01-01',
    ],
    [`${header}"a\nb",2024-01-01,x`, DataError, 'line 2: the amount'],
    [
      `${header}"a,2024-01-01,1`,
      FormatError,
      'line 2, column 1: a field opens with a quote that is never closed',
    ],
  ])('says what is wrong with %j', (text, kind, message) => {
    expect(() => read(text)).toThrow(kind);
    expect(() => read(text)).toThrow(message);
    try {
      read(text);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
      expect((error as Error).message).toContain('log.csv');
    }
  });

  it('names the nearest column to a name that is not there', () => {
    const given = { customer: 'custmer', date: 'date', amount: 'amount' };
    expect(() => read(`${header}a,2024-01-01,1`, given)).toThrow(ConfigError);
    expect(() => read(`${header}a,2024-01-01,1`, given)).toThrow(
      "'custmer' is not known: did you mean 'customer'?",
    );
  });

  it('reads a damaged file or says no with one of the errors of this library', () => {
    const whole = '\ufeffcustomer;date;amount\r\na;2024-01-02;3,5\r\n"b";"2024-01-05 10:00";0\r\n';
    const damage = fc.tuple(fc.nat(whole.length), fc.nat(3), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const cut = (text: string, [at, gone, put]: [number, number, string]) =>
          text.slice(0, at) + put + text.slice(at + gone);
        try {
          const log = read(damages.reduce(cut, whole));
          expect(log.amounts.every((amount) => amount >= 0)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(LonghandError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('shows a long row in part', () => {
    expect(() => read(`${header}${'a'.repeat(500)},2024-01-01,x`)).toThrow(/: a{100}\.\.\.$/);
  });
});

describe('joinLogs', () => {
  const log = read('customer,date,amount\na,2024-01-10,1\nb,2024-01-20,2');

  it('puts two logs on one calendar, the customers of the second behind', () => {
    const other = read('customer,date,amount\n0,2024-01-01,3\n0,2024-03-01,4');
    const joined = joinLogs(log, other);
    expect(rowsOf(joined)).toEqual([...rowsOf(log), ...rowsOf(other)]);
    expect(joined).toMatchObject({ customers: ['a', 'b', '0'], records: 4, length: 61 });
    expect(rowsOf(joinLogs(other, log))).toEqual([...rowsOf(other), ...rowsOf(log)]);
  });

  it('refuses customers that are in both', () => {
    const other = readPurchaseLog('customer,date,amount\nb,2024-01-01,3', 'test.csv');
    expect(() => joinLogs(log, other)).toThrow(DataError);
    expect(() => joinLogs(log, other)).toThrow(
      "test.csv and log.csv have customers in common (1, such as 'b')",
    );
  });
});
