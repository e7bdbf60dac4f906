using System.Text;
using RufusIngest.Tool;

Console.OutputEncoding = Encoding.UTF8;
return await ToolCommand.RunAsync(args, new Terminal(Console.Out, Console.Error)).ConfigureAwait(false);
