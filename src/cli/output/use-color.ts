/** Whether what goes to stdout may be coloured: on a terminal, unless NO_COLOR says otherwise. */
export const useColor = (): boolean => process.stdout.isTTY === true && !process.env.NO_COLOR;
