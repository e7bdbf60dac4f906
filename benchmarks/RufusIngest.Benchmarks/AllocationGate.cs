using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Environments;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace RufusIngest.Benchmarks;

/// <summary>Runs the library's own rows and fails when one allocates, or when there is nothing to judge.</summary>
static class AllocationGate
{
    /// <summary>Category of the rows that must allocate nothing.</summary>
    public const string Category = "Library";

    /// <returns>0 when every row ran and allocated nothing, else 1.</returns>
    public static int Run(Type[] types)
    {
        IConfig config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithRuntime(CoreRuntime.Core10_0))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddFilter(new AnyCategoriesFilter([Category]))
            .AddLogger(NullLogger.Instance)
            .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
            .WithOptions(ConfigOptions.DisableLogFile);
        bool failed = false;
        int rows = 0;
        foreach (Type type in types)
        {
            Summary summary = BenchmarkRunner.Run(type, config);
            failed |= summary.HasCriticalValidationErrors;
            foreach (var error in summary.ValidationErrors)
                Console.WriteLine($"{type.Name}: {error.Message}");
            foreach (BenchmarkCase row in summary.BenchmarksCases)
                failed |= !Judge(row, summary[row]);
            rows += summary.Reports.Length;
            failed |= summary.Reports.IsEmpty;
        }

        Console.WriteLine(failed ? $"FAILED, {rows} rows" : $"ok, {rows} rows, 0 bytes");
        return failed ? 1 : 0;
    }

    static bool Judge(BenchmarkCase row, BenchmarkReport? report)
    {
        string name = row.Descriptor.GetFilterName().Split('.')[^2..] is var parts ? string.Join('.', parts) : "";
        name += row.Parameters.Count > 0 ? $"({row.Parameters.PrintInfo})" : "";
        if (report is not { Success: true, ResultStatistics: { } time })
        {
            Console.WriteLine($"{name}: did not run");
            return false;
        }

        // Of the whole run, not of one operation: that is rounded, and one object in a thousand reads would be none.
        long? total = report.GcStats.GetTotalAllocatedBytes(excludeAllocationQuantumSideEffects: true);
        long? each = report.GcStats.GetBytesAllocatedPerOperation(row);
        Console.WriteLine($"{name}: {time.Mean:F1} ns, {each?.ToString() ?? "?"} B/operation, {total} B in all");
        return total == 0 && each == 0;
    }
}

/// <summary>Must make the gate fail: one object in 1,000 operations.</summary>
public class AllocatingRow
{
    [Benchmark(OperationsPerInvoke = 1000)]
    [BenchmarkCategory(AllocationGate.Category)]
    public object Allocate() => new();
}
