import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.OutputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/**
 * networknt's json-schema-validator over one schema and some files of records, a record a line: bytes -> JsonNode ->
 * verdict. Usage: MODE WARM SECONDS SCHEMA DATA…; one line of JSON per file, see ../../../../../README.md.
 */
public final class Bench {
    // Reading the bytes into a tree outside the validator saves the String that its own text API takes.
    private static final ObjectReader READER = new JsonMapper().readerFor(JsonNode.class);

    // How many times as long as before each file the process warms up before the first. It does so over all files: a
    // compiler that has seen no error yet leaves the code for them out, and compiling counts as time of the processor.
    private static final double FIRST = 100;

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    // What the checks leave behind goes here, so that no compiler can leave them out.
    private static long sink;

    private final Schema schema;

    private Bench(Schema schema) {
        this.schema = schema;
    }

    public static void main(String[] args) throws IOException {
        if (args.length < 5) {
            System.err.println("usage: Bench verdict|all WARM SECONDS SCHEMA DATA…");
            System.exit(2);
        }
        boolean all = args[0].equals("all");
        SchemaRegistryConfig config = SchemaRegistryConfig.builder().formatAssertionsEnabled(true).failFast(!all).build();
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12, builder -> builder.schemaRegistryConfig(config));
        Bench bench = new Bench(registry.getSchema(Files.readString(Path.of(args[3])), InputFormat.JSON));
        Predicate<byte[]> check = all ? bench::all : bench::verdict;
        double warm = Double.parseDouble(args[1]);
        List<List<byte[]>> files = new ArrayList<>();
        for (String file : Arrays.asList(args).subList(4, args.length)) {
            files.add(split(Files.readAllBytes(Path.of(file))));
        }
        for (long start = cpuTime(); cpuTime() - start < FIRST * warm * 1e9; ) {
            files.forEach(records -> pass(check, records));
        }
        files.forEach(records -> measure(check, records, warm, Double.parseDouble(args[2])));
        if (sink < 0) {
            System.err.println(sink);
        }
    }

    private boolean verdict(byte[] record) {
        try {
            return schema.validate(READER.<JsonNode>readValue(record), OutputFormat.BOOLEAN);
        } catch (JacksonException malformed) {
            return false;
        }
    }

    /** Makes text of where each error is, which keyword says so and what it says. */
    private boolean all(byte[] record) {
        List<Error> errors;
        try {
            errors = schema.validate(READER.<JsonNode>readValue(record));
        } catch (JacksonException malformed) {
            sink += malformed.getMessage().length();
            return false;
        }
        for (Error e : errors) {
            sink += e.getInstanceLocation().toString().length() + e.getEvaluationPath().toString().length()
                    + e.getMessage().length();
        }
        return errors.isEmpty();
    }

    private static List<byte[]> split(byte[] data) {
        List<byte[]> records = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < data.length; i++) {
            if (data[i] == '\n') {
                records.add(Arrays.copyOfRange(data, start, i));
                start = i + 1;
            }
        }
        return records;
    }

    /** Nanoseconds of the process on the processor, all threads included; in steps of 10 ms on Linux. */
    private static long cpuTime() {
        return SYSTEM.getProcessCpuTime();
    }

    /** Returns nanoseconds on the wall. */
    private static long pass(Predicate<byte[]> check, List<byte[]> records) {
        long start = System.nanoTime();
        for (byte[] record : records) {
            if (check.test(record)) {
                sink++;
            }
        }
        return System.nanoTime() - start;
    }

    private static void measure(Predicate<byte[]> check, List<byte[]> records, double warm, double seconds) {
        StringBuilder verdicts = new StringBuilder();
        for (byte[] record : records) {
            verdicts.append(check.test(record) ? '1' : '0');
        }
        for (long start = cpuTime(); cpuTime() - start < warm * 1e9; ) {
            pass(check, records);
        }
        List<Long> walls = new ArrayList<>();
        long start = cpuTime();
        long used = 0;
        while (used < seconds * 1e9) {
            walls.add(pass(check, records));
            used = cpuTime() - start;
        }
        walls.sort(null);
        double n = records.size();
        System.out.printf("{\"records\":%d,\"invalid\":%d,\"passes\":%d,\"cpu_ns\":%s,\"wall_ns_min\":%s,"
                        + "\"wall_ns_median\":%s,\"verdicts\":\"%s\"}%n",
                records.size(), verdicts.chars().filter(v -> v == '0').count(), walls.size(), used / n / walls.size(),
                walls.get(0) / n, walls.get(walls.size() / 2) / n, verdicts);
    }
}
