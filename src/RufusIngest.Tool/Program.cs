using System.Text;
using RufusIngest.Tool;

Console.OutputEncoding = Encoding.UTF8;
TextReader? input = Console.IsInputRedirected || Console.IsErrorRedirected ? null : Console.In;
return await ToolCommand.RunAsync(args, new Terminal(Console.Out, Console.Error, input)).ConfigureAwait(false);
