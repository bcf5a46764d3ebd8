/** Which columns of a table hold the customer, the date and the amount: by their usual names, or as told. */
import { FormatError } from '../../core/errors.js';
import { unknownName } from '../../core/options.js';

/** What the three columns are called. */
export interface ColumnNames {
  readonly customer: string;
  readonly date: string;
  readonly amount: string;
}

/** Where the three columns are, counted from 0, and what the header calls them. */
export interface ColumnPlaces {
  readonly names: ColumnNames;
  readonly customer: number;
  readonly date: number;
  readonly amount: number;
}

/** Names in use, most telling first; letters and digits only, so that Customer_ID, customer id and customerId are one. */
const USUAL_NAMES: Readonly<Record<keyof ColumnNames, readonly string[]>> = {
  customer: [
    ...['customerid', 'customer', 'customerno', 'customernumber', 'customeruniqueid', 'custid', 'cust'],
    ...['clientid', 'client', 'userid', 'user', 'memberid', 'member', 'buyerid', 'buyer', 'shopperid'],
    ...['householdkey', 'householdid', 'household', 'accountid', 'account', 'visitorid', 'personid', 'email'],
  ],
  date: [
    ...['purchasedate', 'purchasedat', 'purchasetime', 'orderdate', 'orderedat', 'ordertime', 'invoicedate'],
    ...['orderpurchasetimestamp', 'transactiondate', 'transactiontime', 'transdate', 'transdt', 'saledate'],
    ...['date', 'datetime', 'timestamp', 'eventtime', 'eventdate', 'createdat', 'createddate', 'time', 'day'],
  ],
  amount: [
    ...[
      'amount',
      'totalamount',
      'orderamount',
      'purchaseamount',
      'transactionamount',
      'dollarvalue',
      'dollars',
    ],
    ...[
      'total',
      'totalprice',
      'ordertotal',
      'ordervalue',
      'purchasevalue',
      'salesvalue',
      'netamount',
      'revenue',
    ],
    ...['sales', 'spend', 'spent', 'spending', 'monetaryvalue', 'paymentvalue', 'payment', 'value', 'price'],
  ],
};

/** Finds the columns in a header; a FormatError says which is missing, a ConfigError which given name is wrong. */
export function findColumns(header: readonly string[], where: string, given?: ColumnNames): ColumnPlaces {
  const place = (role: keyof ColumnNames) =>
    given === undefined ? usualPlace(header, where, role) : givenPlace(header, where, given[role]);
  const [customer, date, amount] = [place('customer'), place('date'), place('amount')];
  const nameAt = (at: number) => header[at] as string;
  return {
    customer,
    date,
    amount,
    names: { customer: nameAt(customer), date: nameAt(date), amount: nameAt(amount) },
  };
}

function usualPlace(header: readonly string[], where: string, role: keyof ColumnNames): number {
  const plain = header.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const known = USUAL_NAMES[role].find((name) => plain.includes(name));
  if (known !== undefined) return onlyPlace(plain, known, where);
  const found = header.join(', ');
  throw new FormatError(
    `${where}: no column for the ${role} is to be found in the header '${found.length > 200 ? `${found.slice(0, 200)}...` : found}'; name the three columns with --columns CUSTOMER,DATE,AMOUNT`,
  );
}

function givenPlace(header: readonly string[], where: string, name: string): number {
  const plain = header.map((column) => column.toLowerCase());
  if (!plain.includes(name.toLowerCase())) throw unknownName(`${where}: column`, name, header);
  return onlyPlace(plain, name.toLowerCase(), where);
}

function onlyPlace(names: readonly string[], name: string, where: string): number {
  const place = names.indexOf(name);
  if (names.indexOf(name, place + 1) < 0) return place;
  throw new FormatError(`${where}: the header has two columns called '${name}'; rename one of them`);
}
